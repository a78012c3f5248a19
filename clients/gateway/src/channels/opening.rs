//! Channels are opened, and taken up after a restart.

use super::Shared;
use crate::desk::now;
use anyhow::{Context, Result};
use assay_protocol::{ChannelId, ModelVersion};
use assay_sdk::{
	channels::Channel,
	consumer::{Consumer, Settings},
};
use sp_core::{sr25519, Pair};
use std::{
	fs::{self, File},
	io::{ErrorKind, Write},
	path::{Path, PathBuf},
	sync::Arc,
};

impl Shared {
	/// Takes up the channels of before whose keys are here. Those that are being closed are for what was asked before only.
	pub(super) async fn take_up(self: &Arc<Self>) -> Result<()> {
		for channel in self.exchange.channels().await? {
			let Some(key) = read_key(&self.key_file(&channel))? else {
				continue;
			};
			let (shared, version) = (self.clone(), channel.terms.version);
			let is_usable = channel.closes_at.is_none() && channel.closed_at.is_none();
			if is_usable {
				self.waiting.lock().insert(version);
			}
			tokio::spawn(async move {
				match shared.connect(channel.id, key).await {
					Ok(consumer) if is_usable => shared.hold(version, consumer),
					Ok(_) => {}
					Err(error) => log::warn!("channel {}: {error:#}", channel.id),
				}
				if is_usable {
					shared.waiting.lock().remove(&version);
				}
			});
		}
		Ok(())
	}

	/// Opens a channel for a version, and lets others try after a while if it cannot be.
	pub(super) async fn open(self: Arc<Self>, version: ModelVersion) {
		match self.try_open(version).await {
			Ok(Some(consumer)) => {
				log::info!("answers of {version} come through channel {}", consumer.channel());
				self.hold(version, consumer);
			}
			Ok(None) => {
				log::debug!("no operator answers for {version} through channels");
				tokio::time::sleep(self.dealing.rest).await;
			}
			Err(error) => {
				log::warn!("no channel for {version}: {error:#}");
				tokio::time::sleep(self.dealing.rest).await;
			}
		}
		self.waiting.lock().remove(&version);
	}

	/// Opens a channel to the cheapest operator that is not shunned.
	async fn try_open(&self, version: ModelVersion) -> Result<Option<Arc<Consumer>>> {
		let mut sellers = self.exchange.sellers(version).await?;
		sellers.retain(|seller| !self.shunned.has(&seller.operator, now()));
		let Some(seller) = sellers.into_iter().min_by_key(|seller| seller.price) else {
			return Ok(None);
		};
		let (key, _) = sr25519::Pair::generate();
		// It is on the disk before there is money behind it.
		write_key(&self.key_file_of(&key.public()), &key)?;
		let deposit = self.dealing.deposit.0;
		let opened = self.exchange.open(&seller, version, &key.public(), deposit).await?;
		self.connect(opened, key).await.map(Some)
	}

	async fn connect(&self, id: ChannelId, key: sr25519::Pair) -> Result<Arc<Consumer>> {
		let settings = Settings {
			patience: self.dealing.patience,
			..Settings::default()
		};
		let consumer = self.exchange.consumer(id, key, &self.folder, settings).await?;
		self.known.lock().insert(id, consumer.clone());
		Ok(consumer)
	}

	fn key_file(&self, channel: &Channel) -> PathBuf {
		self.key_file_of(&channel.terms.key)
	}

	fn key_file_of(&self, key: &sr25519::Public) -> PathBuf {
		self.folder.join(format!("{}.key", hex::encode(key)))
	}
}

/// The key in a file, if there is one.
fn read_key(path: &Path) -> Result<Option<sr25519::Pair>> {
	let text = match fs::read_to_string(path) {
		Ok(text) => text,
		Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
		Err(error) => return Err(error).with_context(|| path.display().to_string()),
	};
	let seed = hex::decode(text.trim()).ok();
	let pair = seed.and_then(|seed| sr25519::Pair::from_seed_slice(&seed).ok());
	pair.map(Some)
		.with_context(|| format!("{} holds no key", path.display()))
}

/// Writes a key into a file that only its owner reads.
fn write_key(path: &Path, pair: &sr25519::Pair) -> Result<()> {
	let written = || -> std::io::Result<()> {
		let mut options = File::options();
		options.write(true).create_new(true);
		#[cfg(unix)]
		std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
		let mut file = options.open(path)?;
		file.write_all(hex::encode(pair.to_raw_vec()).as_bytes())?;
		file.sync_all()?;
		File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
	};
	written().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_key_is_the_same_after_a_restart() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("a.key");
		assert!(read_key(&path).unwrap().is_none());
		let (pair, _) = sr25519::Pair::generate();
		write_key(&path, &pair).unwrap();
		assert_eq!(read_key(&path).unwrap().unwrap().public(), pair.public());
		assert!(write_key(&path, &pair).is_err());
		fs::write(&path, "nothing").unwrap();
		assert!(read_key(&path).is_err());
	}
}

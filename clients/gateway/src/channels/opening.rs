//! Channels are opened, taken up after a restart, and kept filled.

use super::{Shared, PATIENCE, REST};
use anyhow::{Context, Result};
use assay_protocol::{ChannelId, ModelVersion};
use assay_sdk::{
	channels::Channel,
	consumer::{Consumer, Settings},
	Amount, Call, Sending,
};
use sp_core::{sr25519, Pair};
use std::{
	fs::{self, File},
	io::{ErrorKind, Write},
	path::{Path, PathBuf},
	sync::Arc,
};

/// Channels of the account that are looked at.
const MOST: u32 = 1_000;

impl Shared {
	/// Takes up the channels of before whose keys are here. Those that are being closed are for what was asked before only.
	pub(super) async fn take_up(self: &Arc<Self>) -> Result<()> {
		let channels = self.assay.channels().of_consumer(self.account(), MOST).await?;
		for channel in channels {
			let Some(key) = read_key(&self.key_file(&channel))? else {
				continue;
			};
			let (shared, is_usable) = (self.clone(), channel.closes_at.is_none() && channel.closed_at.is_none());
			let version = channel.terms.version;
			if is_usable {
				self.waiting.lock().insert(version);
			}
			tokio::spawn(async move {
				match shared.connect(channel.id, key).await {
					Ok(consumer) if is_usable => {
						shared.open.lock().insert(version, consumer);
					}
					Ok(_) => {}
					Err(error) => log::warn!("channel {}: {error:#}", channel.id),
				}
				shared.waiting.lock().remove(&version);
			});
		}
		Ok(())
	}

	/// Opens a channel for a version, and lets others try after a while if it cannot be.
	pub(super) async fn open(self: Arc<Self>, version: ModelVersion) {
		match self.try_open(version).await {
			Ok(Some(consumer)) => {
				log::info!("answers of {version} come through channel {}", consumer.channel());
				self.open.lock().insert(version, consumer);
			}
			Ok(None) => {
				log::debug!("no operator answers for {version} through channels");
				tokio::time::sleep(REST).await;
			}
			Err(error) => {
				log::warn!("no channel for {version}: {error:#}");
				tokio::time::sleep(REST).await;
			}
		}
		self.waiting.lock().remove(&version);
	}

	async fn try_open(&self, version: ModelVersion) -> Result<Option<Arc<Consumer>>> {
		let mut offers = self.assay.models().offers(version).await?;
		offers.retain(|offer| offer.listed);
		offers.sort_by_key(|offer| offer.offer.price);
		for offer in offers {
			let operator = offer.offer.operator;
			if self.assay.channels().endpoint(operator).await?.is_none() {
				continue;
			}
			let (key, _) = sr25519::Pair::generate();
			// It is on the disk before there is money behind it.
			write_key(&self.key_file_of(&key.public()), &key)?;
			let opened = self
				.assay
				.channels()
				.open(
					&self.signer,
					operator,
					version,
					Amount(offer.offer.price),
					&key.public(),
					self.deposit,
				)
				.await?;
			return self.connect(opened, key).await.map(Some);
		}
		Ok(None)
	}

	async fn connect(&self, id: ChannelId, key: sr25519::Pair) -> Result<Arc<Consumer>> {
		let settings = Settings {
			patience: PATIENCE,
			..Settings::default()
		};
		let consumer = self.assay.channels().consumer(id, key, &self.folder, settings).await?;
		self.known.lock().insert(id, consumer.clone());
		Ok(consumer)
	}

	/// Puts money into channels that have less than half of what they should have, as long as the gateway runs.
	pub(super) async fn keep_filled(self: Arc<Self>) {
		loop {
			tokio::time::sleep(REST).await;
			let open: Vec<_> = self.open.lock().values().cloned().collect();
			for consumer in open {
				let left = consumer.deposit();
				if left.0 < self.deposit.0 / 2 {
					self.clone().fill(consumer.channel()).await;
				}
			}
		}
	}

	/// Puts as much into a channel as it began with.
	pub(super) async fn fill(self: Arc<Self>, id: ChannelId) {
		let call = Call::top_up(id, self.deposit.0);
		match self.assay.submit(&call, &self.signer, Sending::default()).await {
			Ok(_) => log::info!("{} were put into channel {id}", self.deposit),
			Err(error) => log::warn!("channel {id} cannot be filled: {error}"),
		}
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

//! A node's JSON-RPC, one call after the other.

use crate::{node::http, wait::until};
use anyhow::{bail, ensure, Context, Result};
use assay_runtime::{Hash, RuntimeEvent};
use codec::{Decode, DecodeAll};
use frame_support::storage::storage_prefix;
use frame_system::EventRecord;
use serde_json::{json, Value};
use std::{net::SocketAddr, sync::LazyLock, time::Duration};
use subxt::rpcs::{client::RawValue, RpcClient};
use tokio::runtime::Runtime;

/// Where connections live.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads can be started"));

/// How addresses begin at which a node listens for others of its machine.
const LOOPBACK: &str = "/ip4/127.0.0.1/tcp/";

/// How long nodes may take to find each other.
const MEETING_LIMIT: Duration = Duration::from_secs(180);

/// A node's JSON-RPC server.
#[derive(Clone, Copy, Debug)]
pub struct Rpc {
	/// Where it listens.
	pub address: SocketAddr,
}

impl Rpc {
	/// Calls a method, over a connection of its own: the node may have been another before.
	pub fn call(&self, method: &str, parameters: Value) -> Result<Value> {
		let answer = self.answer(method, parameters)?;
		answer.with_context(|| format!("{method} at {}", self.address))
	}

	/// Calls a method that must fail, and returns its error.
	pub fn error(&self, method: &str, parameters: Value) -> Result<Value> {
		match self.answer(method, parameters)? {
			Err(subxt::rpcs::Error::User(error)) => Ok(json!({
				"code": error.code,
				"message": error.message,
				"data": error.data,
			})),
			Err(error) => Err(error).with_context(|| format!("{method} at {}", self.address)),
			Ok(answer) => bail!("{method} does not fail: {answer}"),
		}
	}

	/// Calls a method whose answer holds the whole runtime, for which clients have no room; as it is told over HTTP.
	pub fn call_for_much(&self, method: &str, parameters: &Value) -> Result<String> {
		let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }).to_string();
		let head = format!(
			"POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
			self.address,
			body.len()
		);
		http(self.address, &(head + &body))
	}

	fn answer(&self, method: &str, parameters: Value) -> Result<Result<Value, subxt::rpcs::Error>> {
		let parameters = RawValue::from_string(parameters.to_string())?;
		let answer = RUNTIME.block_on(async {
			let client = RpcClient::from_insecure_url(format!("ws://{}", self.address)).await?;
			client.request_raw(method, Some(parameters)).await
		});
		Ok(match answer {
			Ok(answer) => {
				Ok(serde_json::from_str(answer.get()).with_context(|| format!("{method} answers `{answer}`"))?)
			}
			Err(error) => Err(error),
		})
	}

	/// The height of the best block.
	pub fn best(&self) -> Result<u32> {
		height(&self.call("chain_getHeader", json!([]))?)
	}

	/// The height of the last finalised block.
	pub fn finalized(&self) -> Result<u32> {
		let hash = self.call("chain_getFinalizedHead", json!([]))?;
		height(&self.call("chain_getHeader", json!([hash]))?)
	}

	/// The hash of the block at a height.
	pub fn block_hash(&self, number: u32) -> Result<Value> {
		self.call("chain_getBlockHash", json!([number]))
	}

	/// The transactions in the block at a height, as they travel.
	pub(crate) fn extrinsics(&self, number: u32) -> Result<Vec<Vec<u8>>> {
		let block = self.call("chain_getBlock", json!([self.block_hash(number)?]))?;
		let extrinsics = block["block"]["extrinsics"].as_array();
		extrinsics.into_iter().flatten().map(bytes).collect()
	}

	/// What happened in the block at a height.
	pub(crate) fn events(&self, number: u32) -> Result<Vec<EventRecord<RuntimeEvent, Hash>>> {
		let key = storage_prefix(b"System", b"Events");
		let stored = self.storage(&key, &self.block_hash(number)?)?;
		let stored = stored.with_context(|| format!("block {number} keeps no events"))?;
		Ok(DecodeAll::decode_all(&mut &stored[..])?)
	}

	/// What is stored under a key at the best block, if anything is.
	pub(crate) fn stored<T: Decode>(&self, key: &[u8]) -> Result<Option<T>> {
		let best = self.call("chain_getBlockHash", json!([]))?;
		let stored = self.storage(key, &best)?;
		Ok(stored.map(|bytes| T::decode_all(&mut &bytes[..])).transpose()?)
	}

	/// What a runtime API function answers at the best block.
	pub(crate) fn api<R: Decode>(&self, function: &str, arguments: &[u8]) -> Result<R> {
		let arguments = format!("0x{}", hex::encode(arguments));
		let answer = self.call("state_call", json!([function, arguments]))?;
		R::decode_all(&mut &bytes(&answer)?[..]).with_context(|| format!("{function} answers {answer}"))
	}

	/// The address at which other nodes of this machine reach this one.
	pub fn bootnode(&self) -> Result<String> {
		let addresses = self.call("system_localListenAddresses", json!([]))?;
		let mut addresses = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
		let here = addresses.find(|address| address.starts_with(LOOPBACK));
		Ok(here.context("the node listens for no others")?.into())
	}

	/// The port at which it listens for other nodes.
	pub(crate) fn p2p_port(&self) -> Result<u16> {
		let address = self.bootnode()?;
		let port = address[LOOPBACK.len()..].split('/').next();
		Ok(port.context("an address without a port")?.parse()?)
	}

	/// Waits until the node, which is called so, is connected to so many others.
	pub fn meets(&self, name: &str, others: usize) -> Result<()> {
		until(&format!("{name} to find {others} others"), MEETING_LIMIT, || {
			let health = self.call("system_health", json!([]))?;
			Ok((health["peers"] == others).then_some(()))
		})
	}

	/// What is stored under a key at a block, if anything is.
	pub fn storage(&self, key: &[u8], block: &Value) -> Result<Option<Vec<u8>>> {
		let key = format!("0x{}", hex::encode(key));
		let stored = self.call("state_getStorage", json!([key, block]))?;
		(!stored.is_null()).then(|| bytes(&stored)).transpose()
	}

	/// Everything that is stored under keys with a prefix at a block, but for the runtime, which is larger than a message: pairs of key and
	/// value.
	pub fn state(&self, prefix: &str, block: &Value) -> Result<Vec<Value>> {
		// More than a test makes.
		const PAGE: u32 = 1_000;
		const CODE: &str = "0x3a636f6465";
		let mut keys = self.call("state_getKeysPaged", json!([prefix, PAGE, null, block]))?;
		if let Value::Array(keys) = &mut keys {
			keys.retain(|key| key != CODE);
		}
		let mut stored = self.call("state_queryStorageAt", json!([keys, block]))?;
		let Value::Array(pairs) = stored[0]["changes"].take() else {
			bail!("nothing is stored under {prefix}");
		};
		ensure!(pairs.len() < PAGE as usize, "there is too much under {prefix}");
		Ok(pairs)
	}

	/// Checks that all money there is lies in some account: nothing appears and nothing gets lost.
	pub fn check_issuance(&self) -> Result<()> {
		let at = self.call("chain_getBlockHash", json!([]))?;
		let issuance = self.storage(&storage_prefix(b"Balances", b"TotalIssuance"), &at)?;
		let issuance = number(&issuance.context("nothing was issued")?, 0)?;
		let sum = self.money_at(&at)?;
		ensure!(sum == issuance, "accounts have {sum}, but {issuance} was issued");
		Ok(())
	}

	/// What all accounts have together at a block.
	pub(crate) fn money_at(&self, block: &Value) -> Result<u128> {
		let accounts = format!("0x{}", hex::encode(storage_prefix(b"System", b"Account")));
		let mut sum = 0;
		for pair in self.state(&accounts, block)? {
			let account = bytes(&pair[1])?;
			// After four counters: free and reserved.
			sum += number(&account, 16)? + number(&account, 32)?;
		}
		Ok(sum)
	}
}

/// The bytes of a document: hexadecimal digits.
pub(crate) fn bytes(value: &Value) -> Result<Vec<u8>> {
	let text = value.as_str().and_then(|text| text.strip_prefix("0x"));
	let text = text.with_context(|| format!("{value} is not bytes"))?;
	Ok(hex::decode(text)?)
}

fn number(bytes: &[u8], from: usize) -> Result<u128> {
	let bytes = bytes.get(from..from + 16).context("an amount is cut off")?;
	Ok(u128::from_le_bytes(bytes.try_into()?))
}

fn height(header: &Value) -> Result<u32> {
	let number = header["number"].as_str().and_then(|text| text.strip_prefix("0x"));
	Ok(u32::from_str_radix(number.context("a header without a number")?, 16)?)
}

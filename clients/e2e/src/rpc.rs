//! JSON-RPC over HTTP: enough to ask a node.

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use std::{
	io::{Read, Write},
	net::{SocketAddr, TcpStream},
	time::Duration,
};

/// A node's JSON-RPC server.
#[derive(Clone, Copy, Debug)]
pub struct Rpc {
	/// Where it listens.
	pub address: SocketAddr,
}

impl Rpc {
	/// Calls a method.
	pub fn call(&self, method: &str, parameters: Value) -> Result<Value> {
		let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": parameters }).to_string();
		let answer = self
			.post(&body)
			.with_context(|| format!("{method} at {}", self.address))?;
		let mut answer: Value =
			serde_json::from_str(&answer).with_context(|| format!("{method} answers `{answer}`"))?;
		match answer.get("error") {
			Some(error) => bail!("{method}: {error}"),
			None => Ok(answer["result"].take()),
		}
	}

	fn post(&self, body: &str) -> Result<String> {
		let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
		stream.set_read_timeout(Some(Duration::from_secs(60)))?;
		// HTTP/1.0: the answer comes in one piece and ends with the connection.
		write!(
			stream,
			"POST / HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
			self.address,
			body.len()
		)?;
		let mut answer = String::new();
		stream.read_to_string(&mut answer)?;
		let (_, content) = answer.split_once("\r\n\r\n").context("the answer has no content")?;
		Ok(content.to_owned())
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

	/// The address at which other nodes reach this one, which listens for them on a port of this machine.
	pub fn bootnode(&self, port: u16) -> Result<String> {
		let id = self.call("system_localPeerId", json!([]))?;
		let id = id.as_str().context("a node without an identity")?;
		Ok(format!("/ip4/127.0.0.1/tcp/{port}/p2p/{id}"))
	}

	/// What is stored under a key at a block, if anything is.
	pub fn storage(&self, key: &str, block: &Value) -> Result<Value> {
		self.call("state_getStorage", json!([key, block]))
	}

	/// All money there is.
	pub fn issuance(&self) -> Result<u128> {
		// The hashes of `Balances` and `TotalIssuance`.
		const KEY: &str = "0xc2261276cc9d1f8598ea4b6a74b15c2f57c875e4cff74148e4628f264b974c80";
		let stored = self.call("state_getStorage", json!([KEY]))?;
		let text = stored
			.as_str()
			.and_then(|text| text.strip_prefix("0x"))
			.context("the chain has no issuance")?;
		let byte = |index: usize| u8::from_str_radix(text.get(2 * index..2 * index + 2).unwrap_or(""), 16);
		let bytes = (0..16).map(byte).collect::<Result<Vec<_>, _>>()?;
		Ok(u128::from_le_bytes(bytes.try_into().unwrap_or_default()))
	}
}

fn height(header: &Value) -> Result<u32> {
	let number = header["number"].as_str().and_then(|text| text.strip_prefix("0x"));
	Ok(u32::from_str_radix(number.context("a header without a number")?, 16)?)
}

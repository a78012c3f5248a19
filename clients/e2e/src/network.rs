//! Networks of validators.

use crate::{node::Node, rpc::Rpc, scene::Scene, wait::until};
use anyhow::Result;
use std::time::Duration;

/// The validators of the local chain, by the names of their keys.
pub const VALIDATORS: [&str; 4] = ["alice", "bob", "charlie", "dave"];

/// How long finality may take to reach a block: sessions pass, nodes start, and machines are busy.
const FINALITY_LIMIT: Duration = Duration::from_secs(180);
/// Slots of the network, in milliseconds: enough for blocks and votes to get around.
const SLOTS: u64 = 1_000;
/// Slots of a session in a test: it sees several of them pass.
const SESSION_SLOTS: u64 = 10;

/// The arguments that tell a node of others.
pub fn bootnodes<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Result<String> {
	let addresses = nodes.into_iter().map(Node::bootnode).collect::<Result<Vec<_>>>()?;
	Ok(match addresses.is_empty() {
		true => String::new(),
		false => format!("--bootnodes {}", addresses.join(" ")),
	})
}

/// Four validators, of which one may fail, on the local chain with slots of a second and short sessions.
pub struct Network {
	/// What they run in.
	pub scene: Scene,
	/// The nodes of Alice, Bob, Charlie and Dave.
	pub validators: Vec<Node>,
}

impl Network {
	/// Starts them.
	pub fn start() -> Result<Self> {
		let scene = Scene::with_chain("local", |genesis| {
			genesis["timing"]["slotDurationMs"] = SLOTS.into();
			genesis["timing"]["epochSlots"] = SESSION_SLOTS.into();
		})?;
		let mut network = Self {
			scene,
			validators: vec![],
		};
		for name in VALIDATORS {
			let node = network.join(name, &format!("--{name} --unsafe-force-node-key-generation"))?;
			network.validators.push(node);
		}
		Ok(network)
	}

	/// Starts another node, which knows the validators.
	pub fn join(&self, name: &str, arguments: &str) -> Result<Node> {
		let arguments = format!("--worker off {arguments} {}", bootnodes(&self.validators)?);
		Node::start(&self.scene.binaries, self.scene.options(name, &arguments))
	}
}

/// Waits until a block of a height is final for all of some nodes.
pub fn finalised<'a>(nodes: impl IntoIterator<Item = &'a Node>, number: u32) -> Result<()> {
	for node in nodes {
		let what = format!("block {number} to be final for {}", node.options().name);
		until(&what, FINALITY_LIMIT, || {
			Ok((node.rpc().finalized()? >= number).then_some(()))
		})?;
	}
	Ok(())
}

/// Waits until so many blocks came while none became final, and returns the height of the last final one.
pub fn stalled(rpc: Rpc, blocks: u32) -> Result<u32> {
	let (mut last, mut since) = (rpc.finalized()?, rpc.best()?);
	until("finality to stall", FINALITY_LIMIT, || {
		let finalized = rpc.finalized()?;
		let best = rpc.best()?;
		if finalized > last {
			(last, since) = (finalized, best);
		}
		Ok((best >= since + blocks).then_some(last))
	})
}

//! Programs for Node.js that know the gateway only through the public client of OpenAI.

use crate::node_js::Scripts;
use anyhow::Result;

/// The scripts of `clients/e2e/openai`, ready to run.
pub struct JavaScript(Scripts);

impl JavaScript {
	/// Makes sure that the package is there. The first time takes a network.
	pub fn new() -> Result<Self> {
		Scripts::of("openai").map(Self)
	}

	/// Runs a script against a gateway, and returns what it printed.
	pub fn run(&self, script: &str, arguments: &[&str], url: &str, key: &str) -> Result<String> {
		let url = format!("{url}/v1");
		self.0
			.run(script, arguments, &[("OPENAI_BASE_URL", &url), ("OPENAI_API_KEY", key)])
	}
}

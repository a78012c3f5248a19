//! What answers requests.

use assay_engine::Observer;
use assay_exact::{Generation, Input, Output};
use assay_provider::{
	folder::Absence,
	models::Models,
	pool::{Execute, Failure},
};
use assay_trace::{merkle::Hash32, TraceRoot};

/// Runs requests. The provider's models implement it, so that requests and jobs go through the layers together, on the same threads;
/// tests put worse things in their place.
pub trait Engine: Send + Sync + 'static {
	/// Whether an artifact is at hand, as far as is known without reading all of it.
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence>;

	/// Runs a request to its output and the commitment to its execution. It blocks meanwhile; whoever calls bounds how many run at a time.
	///
	/// - `observer`: is shown each token, and may stop the request, which then ends with the tokens that it has, or cancel it.
	fn run(
		&self,
		artifact: &Hash32,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, TraceRoot), Failure>;
}

impl Engine for Models {
	fn look_for(&self, artifact: &Hash32) -> Result<(), Absence> {
		Execute::look_for(self, artifact)
	}

	fn run(
		&self,
		artifact: &Hash32,
		input: &Input,
		generation: &Generation,
		observer: &mut dyn Observer,
	) -> Result<(Output, TraceRoot), Failure> {
		Self::run(self, artifact, input, generation, observer)
	}
}

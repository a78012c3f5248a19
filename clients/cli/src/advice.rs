//! What to do on the command line about an error that the SDK tells of.

use crate::output::causes;
use anyhow::anyhow;
use assay_sdk::{Error, Missing};

/// Adds what to do to an error; others stay as they are.
pub(crate) fn advise(error: anyhow::Error) -> anyhow::Error {
	let told = error.chain().find_map(|cause| cause.downcast_ref::<Error>());
	match told.and_then(advice) {
		Some(advice) => anyhow!("{}: {advice}", causes(&error)),
		None => error,
	}
}

fn advice(error: &Error) -> Option<&'static str> {
	Some(match error {
		Error::Missing(Missing::Model(_)) => "`assay model list` shows what is registered",
		Error::Missing(Missing::Operator(_)) => "`assay stake operators` lists them",
		Error::UnsafeMethod => {
			"run this there, with the node's own address as --url (or start the node with --rpc-methods unsafe where nobody \
			 else reaches its port)"
		}
		_ => return None,
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use anyhow::Context;
	use assay_protocol::{JobId, ModelId};

	fn told(missing: Missing) -> String {
		let result: Result<(), _> = Err(Error::Missing(missing));
		advise(result.context("the job").unwrap_err()).to_string()
	}

	#[test]
	fn errors_end_with_what_to_do_about_them() {
		assert_eq!(
			told(Missing::Model(ModelId(9))),
			"the job: there is no model 9: `assay model list` shows what is registered"
		);
		assert_eq!(told(Missing::Job(JobId(9))), "the job");
	}
}

//! The names that one tensor has in different checkpoints.
//!
//! Families ask for tensors by one name. What a file puts before it depends on the class that saved it (`BertModel` saves
//! `encoder…`, `BertForMaskedLM` saves `bert.encoder…`, and decoders without a head lose their `model.`), and checkpoints
//! converted from TensorFlow call the gain and bias of a norm `gamma` and `beta`.

/// What a checkpoint may put before a tensor's name.
const PREFIXES: [&str; 3] = ["", "model.", "bert."];

/// All names of the tensor that a family calls `name`.
pub(crate) fn aliases(name: &str) -> Vec<String> {
	let bare = PREFIXES[1..]
		.iter()
		.find_map(|prefix| name.strip_prefix(prefix))
		.unwrap_or(name);
	let parameters = [Some(bare.to_string()), legacy(bare)];
	parameters
		.into_iter()
		.flatten()
		.flat_map(|parameter| PREFIXES.map(|prefix| format!("{prefix}{parameter}")))
		.collect()
}

/// The old name of a norm's gain or bias.
fn legacy(name: &str) -> Option<String> {
	let (module, parameter) = name.rsplit_once('.')?;
	let old = match parameter {
		"weight" => "gamma",
		"bias" => "beta",
		_ => return None,
	};
	let own = module.rsplit('.').next().unwrap_or(module);
	own.to_ascii_lowercase()
		.contains("norm")
		.then(|| format!("{module}.{old}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_norm_has_six_names_and_a_matrix_three() {
		assert_eq!(
			aliases("embeddings.LayerNorm.weight"),
			[
				"embeddings.LayerNorm.weight",
				"model.embeddings.LayerNorm.weight",
				"bert.embeddings.LayerNorm.weight",
				"embeddings.LayerNorm.gamma",
				"model.embeddings.LayerNorm.gamma",
				"bert.embeddings.LayerNorm.gamma",
			]
		);
		assert_eq!(
			aliases("model.layers.0.mlp.up_proj.weight"),
			[
				"layers.0.mlp.up_proj.weight",
				"model.layers.0.mlp.up_proj.weight",
				"bert.layers.0.mlp.up_proj.weight",
			]
		);
		// A matrix inside something called a norm is none.
		assert_eq!(aliases("normalizer.dense.weight").len(), 3);
	}
}

//! Whether an output can come from a program at all: what the chain checks without running it.

use crate::{types::len, Config, Error};
use assay_exact::{program::Head, Generation, Program};
use assay_protocol::job::JobOutput;
use frame_support::ensure;

/// Checks kind, length, vocabulary and stop rule of an output and returns the number of generated tokens: none for a
/// vector.
pub(crate) fn check_output<T: Config>(
	program: &Program,
	generation: &Generation,
	output: &JobOutput,
) -> Result<u32, Error<T>> {
	match (&program.head, output) {
		(Head::Tokens { stop, .. }, JobOutput::Tokens(tokens)) => {
			let vocabulary = program.vocabulary().ok_or(Error::<T>::CorruptProgram)?;
			let (last, earlier) = tokens.split_last().ok_or(Error::<T>::EmptyOutput)?;
			let generated = len(tokens);
			ensure!(generated <= generation.max_tokens, Error::<T>::TooManyTokens);
			ensure!(
				tokens.iter().all(|token| *token < vocabulary),
				Error::<T>::OutputTokenOutOfVocabulary
			);
			let stops = |token: &u32| !generation.ignore_stop && stop.contains(token);
			ensure!(!earlier.iter().any(stops), Error::<T>::TokensAfterStop);
			ensure!(
				generated == generation.max_tokens || stops(last),
				Error::<T>::OutputTooShort
			);
			Ok(generated)
		}
		(Head::Vector { .. }, JobOutput::Vector(values)) => {
			ensure!(
				program.output_length() == Some(len(values)),
				Error::<T>::WrongOutputLength
			);
			Ok(0)
		}
		_ => Err(Error::WrongOutputKind),
	}
}

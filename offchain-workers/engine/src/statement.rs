//! Whether a statement can be one about a program at all.

use crate::{OutputError, RunError};
use assay_exact::{program::Head, Generation, Output, Program};
use assay_trace::Statement;

/// Refuses what no run of the program could have been asked or have returned.
pub fn check(program: &Program, statement: &Statement<'_>) -> Result<(), RunError> {
	if statement.program != program {
		return Err(RunError::OtherProgram);
	}
	program.check_job(statement.input, statement.generation)?;
	Ok(check_output(program, statement.generation, statement.output)?)
}

fn check_output(program: &Program, generation: &Generation, output: &Output) -> Result<(), OutputError> {
	match (&program.head, output) {
		(Head::Tokens { stop, .. }, Output::Tokens(tokens)) => check_tokens(program, stop, generation, tokens),
		(Head::Vector { .. }, Output::Vector(values)) => {
			let (length, expected) = (values.len() as u64, program.output_length().unwrap_or(0));
			if length != u64::from(expected) {
				return Err(OutputError::Length { length, expected });
			}
			Ok(())
		}
		(Head::Tokens { .. }, Output::Vector(_)) => Err(OutputError::TokensExpected),
		(Head::Vector { .. }, Output::Tokens(_)) => Err(OutputError::VectorExpected),
	}
}

fn check_tokens(program: &Program, stop: &[u32], generation: &Generation, tokens: &[u32]) -> Result<(), OutputError> {
	let (count, max_tokens) = (tokens.len() as u64, generation.max_tokens);
	if count > max_tokens.into() {
		return Err(OutputError::TooLong {
			tokens: count,
			max_tokens,
		});
	}
	let vocabulary = program.vocabulary().unwrap_or(0);
	if let Some((index, &token)) = tokens.iter().enumerate().find(|(_, token)| **token >= vocabulary) {
		return Err(OutputError::Token {
			index: index as u32,
			token,
			vocabulary,
		});
	}
	let stops = |token: &u32| !generation.ignore_stop && stop.contains(token);
	match tokens.iter().position(stops) {
		Some(index) if index as u64 + 1 < count => Err(OutputError::AfterStop { index: index as u32 }),
		None if count < max_tokens.into() => Err(OutputError::TooShort {
			tokens: count as u32,
			max_tokens,
		}),
		_ => Ok(()),
	}
}

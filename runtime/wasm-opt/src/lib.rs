//! Stands in for binaryen's bindings in `substrate-wasm-builder`, whose 200,000 lines of C++ took a fifth of a
//! cold build and had nothing to do.
//!
//! The builder asks for two passes. *Lowering of sign extensions*: the runtime is compiled for `wasm32v1-none`,
//! that is for [WebAssembly 1.0](https://www.w3.org/TR/wasm-core-1/), which has no such instructions; so this
//! crate checks that the module is WebAssembly 1.0 and refuses any other, instead of rewriting it. *Stripping of
//! DWARF*: the custom sections whose names begin with `.debug_` are left out. Neither changes code.
//!
//! The items have the names and shapes of the crate `wasm-opt` 0.116, as far as the builder uses it.

use std::{fs, io, ops::Range, path::Path};

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

/// What is done to a module.
#[derive(Debug, Clone)]
pub struct OptimizationOptions {
	strip_dwarf: bool,
	keep_names: bool,
}

/// A pass that the builder asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
	/// Leaves out the debug sections.
	StripDwarf,
	/// Nothing to do: a module that has sign extensions is refused.
	SignextLowering,
}

/// Why a module was not written.
#[derive(Debug, thiserror::Error)]
pub enum OptimizationError {
	/// A file could not be read or written.
	#[error("{path}: {source}")]
	File {
		/// The file.
		path: String,
		/// What went wrong.
		source: io::Error,
	},
	/// The module is not WebAssembly 1.0.
	#[error("the module is not WebAssembly 1.0, for which it must be compiled (target wasm32v1-none): {0}")]
	Module(#[from] wasmparser::BinaryReaderError),
}

impl OptimizationOptions {
	/// Changes no code; drops the names of functions unless [`Self::debug_info`] keeps them.
	pub fn new_opt_level_0() -> Self {
		Self {
			strip_dwarf: false,
			keep_names: false,
		}
	}

	/// The module may have no feature beyond WebAssembly 1.0, which is so in any case.
	pub fn mvp_features_only(&mut self) -> &mut Self {
		self
	}

	/// Whether the names of functions are kept, by which traces of panics name them.
	pub fn debug_info(&mut self, keep: bool) -> &mut Self {
		self.keep_names = keep;
		self
	}

	/// Adds a pass.
	pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
		self.strip_dwarf |= pass == Pass::StripDwarf;
		self
	}

	/// Reads `input`, checks it, and writes what is kept of it to `output`, which may be the same file.
	///
	/// # Errors
	/// If a file cannot be read or written, or the module is not WebAssembly 1.0; then nothing is written.
	pub fn run(&self, input: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<(), OptimizationError> {
		let file = |path: &Path| {
			let path = path.display().to_string();
			move |source| OptimizationError::File { path, source }
		};
		let (input, output) = (input.as_ref(), output.as_ref());
		let module = fs::read(input).map_err(file(input))?;
		let kept = self.kept(&module)?;
		if input == output && kept == module {
			return Ok(());
		}
		fs::write(output, kept).map_err(file(output))
	}

	fn kept(&self, module: &[u8]) -> Result<Vec<u8>, wasmparser::BinaryReaderError> {
		Validator::new_with_features(WasmFeatures::WASM1).validate_all(module)?;
		let mut kept = Vec::with_capacity(module.len());
		let mut from = 0;
		for payload in Parser::new(0).parse_all(module) {
			let Payload::CustomSection(section) = payload? else {
				continue;
			};
			if self.drops(section.name()) {
				let Range { start, end } = section.range();
				kept.extend_from_slice(&module[from..header(module, start, end)]);
				from = end;
			}
		}
		kept.extend_from_slice(&module[from..]);
		Ok(kept)
	}

	fn drops(&self, section: &str) -> bool {
		(self.strip_dwarf && section.starts_with(".debug_")) || (!self.keep_names && section == "name")
	}
}

/// Where the header of the custom section begins whose contents lie at `start..end`: the byte 0 and the length in LEB128,
/// of at most five bytes, which a linker may have padded.
fn header(module: &[u8], start: usize, end: usize) -> usize {
	(1..=5)
		.map(|bytes| start - bytes - 1)
		.find(|&at| module[at] == 0 && leb128(&module[at + 1..start]) == Some(end - start))
		.expect("the parser has read a header here")
}

/// The number that `bytes` are in LEB128, if they are exactly one.
fn leb128(bytes: &[u8]) -> Option<usize> {
	let (last, rest) = bytes.split_last()?;
	if last & 0x80 != 0 || rest.iter().any(|byte| byte & 0x80 == 0) {
		return None;
	}
	Some(
		bytes
			.iter()
			.rev()
			.fold(0, |value, byte| (value << 7) | usize::from(byte & 0x7f)),
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	const HEAD: &[u8] = b"\0asm\x01\0\0\0";

	fn custom(name: &str, content: &[u8]) -> Vec<u8> {
		let mut body = vec![name.len() as u8];
		body.extend_from_slice(name.as_bytes());
		body.extend_from_slice(content);
		let mut section = vec![0, (body.len() & 0x7f) as u8 | 0x80, (body.len() >> 7) as u8];
		section.extend_from_slice(&body);
		section
	}

	/// One function from i32 to i32 that runs `code` on its argument.
	fn function(code: &[u8]) -> Vec<u8> {
		let mut module = HEAD.to_vec();
		module.extend_from_slice(&[1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f]);
		module.extend_from_slice(&[3, 2, 1, 0]);
		let body = [&[0u8, 0x20, 0], code, &[0x0b]].concat();
		module.extend_from_slice(&[10, body.len() as u8 + 2, 1, body.len() as u8]);
		module.extend_from_slice(&body);
		module
	}

	#[test]
	fn debug_sections_are_dropped_and_all_else_is_kept() {
		let code = function(&[]);
		let names = custom("name", &[]);
		let version = custom("runtime_version", &[7; 200]);
		let module = [
			&code[..],
			&custom(".debug_info", &[1; 300]),
			&names,
			&version,
			&custom(".debug_line", &[]),
		]
		.concat();

		let strip = |keep| {
			let mut options = OptimizationOptions::new_opt_level_0();
			options
				.add_pass(Pass::StripDwarf)
				.debug_info(keep)
				.kept(&module)
				.unwrap()
		};

		assert_eq!(strip(true), [&code[..], &names, &version].concat());
		assert_eq!(strip(false), [&code[..], &version].concat());
	}

	#[test]
	fn a_file_is_read_and_written_in_place() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("runtime.wasm");
		let module = [&function(&[])[..], &custom(".debug_info", &[1; 300])].concat();
		fs::write(&path, &module).unwrap();

		OptimizationOptions::new_opt_level_0()
			.add_pass(Pass::SignextLowering)
			.debug_info(true)
			.run(&path, &path)
			.unwrap();
		assert_eq!(fs::read(&path).unwrap(), module);

		OptimizationOptions::new_opt_level_0()
			.add_pass(Pass::StripDwarf)
			.run(&path, &path)
			.unwrap();
		assert_eq!(fs::read(&path).unwrap(), function(&[]));
	}

	#[test]
	fn a_sign_extension_is_refused_and_nothing_is_written() {
		let folder = tempfile::tempdir().unwrap();
		let (input, output) = (folder.path().join("in.wasm"), folder.path().join("out.wasm"));
		// i32.extend8_s, of WebAssembly 2.0.
		fs::write(&input, function(&[0xc0])).unwrap();

		let error = OptimizationOptions::new_opt_level_0().run(&input, &output).unwrap_err();

		assert!(error.to_string().contains("not WebAssembly 1.0"), "{error}");
		assert!(!output.exists());
	}
}

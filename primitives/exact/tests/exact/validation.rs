use assay_exact::{limits::*, program::*, Generation, Input, JobError, Phase, Place, ProgramError as Error, Sampler};
use assay_samples::programs::{decoder, encoder, perceptron, r, t, VOCABULARY};
use codec::Encode;

#[test]
fn the_models_are_valid_and_survive_encoding() {
	for program in [decoder(), encoder(), perceptron()] {
		assert_eq!(program.validate(), Ok(()));
		assert_eq!(Program::decode_checked(&program.encode()), Ok(program));
	}
}

#[test]
fn accessors_name_inputs_and_outputs() {
	let of = |program: Program| (program.vocabulary(), program.input_length(), program.output_length());
	assert_eq!(of(decoder()), (Some(VOCABULARY), None, None));
	assert_eq!(of(encoder()), (Some(VOCABULARY), None, Some(64)));
	assert_eq!(of(perceptron()), (None, Some(32), Some(3)));
}

#[test]
fn instances_are_in_artifact_order() {
	let program = decoder();
	let instances: Vec<_> = program
		.instances()
		.map(|instance| (instance.tensor.0, instance.layer))
		.collect();
	let mut expected = vec![(0, None), (1, None), (2, None)];
	for layer in 0..2 {
		expected.extend((3..12).map(|tensor| (tensor, Some(layer))));
	}
	assert_eq!(instances, expected);
}

#[test]
fn shapes_know_their_bytes() {
	let shape = Shape::Matrix { rows: 3, columns: 64 };
	assert_eq!(
		(shape.rows(), shape.row_bytes(), shape.bytes(), shape.weights()),
		(3, 68, 204, 192)
	);
	let shape = Shape::Rotation {
		positions: 5,
		pairs: 16,
	};
	assert_eq!(
		(shape.rows(), shape.row_bytes(), shape.bytes(), shape.weights()),
		(5, 128, 640, 0)
	);
	let shape = Shape::Vector { length: 7 };
	assert_eq!((shape.rows(), shape.row_bytes(), shape.bytes()), (1, 28, 28));
	let shape = Shape::Matrix {
		rows: u32::MAX,
		columns: u32::MAX,
	};
	assert!(shape.bytes() > u64::MAX / 2);
}

pub(super) fn at(phase: Phase, index: u32) -> Place {
	Place { phase, index }
}

pub(super) fn layer(index: u32) -> Place {
	at(Phase::Layer, index)
}

/// The decoder with one change is refused with this error.
pub(super) fn refused(expected: Error, change: impl FnOnce(&mut Program)) {
	refused_from(decoder(), expected, change);
}

pub(super) fn refused_from(mut program: Program, expected: Error, change: impl FnOnce(&mut Program)) {
	change(&mut program);
	assert_eq!(program.validate(), Err(expected), "{expected}");
}

pub(super) fn head_ops(program: &mut Program) -> &mut Vec<Op> {
	match &mut program.head {
		Head::Tokens { ops, .. } | Head::Vector { ops, .. } => ops,
	}
}

#[test]
fn sizes_are_limited() {
	refused(Error::Positions { positions: 0 }, |p| p.positions = 0);
	refused(
		Error::Positions {
			positions: MAX_POSITIONS + 1,
		},
		|p| p.positions = MAX_POSITIONS + 1,
	);
	refused(Error::RegisterCount { count: 0 }, |p| p.registers.clear());
	refused(Error::RegisterCount { count: 65 }, |p| p.registers = vec![32; 65]);
	refused(
		Error::RegisterWidth {
			register: r(1),
			width: 0,
		},
		|p| p.registers[1] = 0,
	);
	refused(
		Error::RegisterWidth {
			register: r(1),
			width: MAX_ROWS + 1,
		},
		|p| p.registers[1] = MAX_ROWS + 1,
	);
	let elements = 5 * u64::from(MAX_ROWS);
	refused(Error::RegisterElements { elements }, |p| {
		p.registers = vec![MAX_ROWS; 5]
	});
	refused(Error::TensorCount { count: 257 }, |p| {
		p.tensors = vec![p.tensors[0]; 257]
	});
	refused(Error::LayerCount { layers: 257 }, |p| p.layers = 257);
	for phase in [Phase::Entry, Phase::Layer, Phase::Head] {
		refused(Error::OperationCount { phase, count: 65 }, |p| {
			let ops = match phase {
				Phase::Entry => &mut p.entry,
				Phase::Layer => &mut p.layer,
				Phase::Head => head_ops(p),
			};
			*ops = vec![ops[0]; 65];
		});
	}
	refused(
		Error::LayerTemplate {
			layers: 0,
			operations: 16,
		},
		|p| p.layers = 0,
	);
	refused(
		Error::LayerTemplate {
			layers: 2,
			operations: 0,
		},
		|p| p.layer.clear(),
	);
	refused(Error::StopCount { count: 17 }, |p| {
		if let Head::Tokens { stop, .. } = &mut p.head {
			*stop = vec![0; 17];
		}
	});
	let bytes = (MAX_ENCODED_BYTES + 1) as usize;
	assert_eq!(
		Program::decode_checked(&vec![0; bytes]),
		Err(Error::TooLong { bytes: bytes as u64 })
	);
}

/// No count within its limit makes a program too long to store, so `TooLong` only ever meets hostile bytes.
#[test]
fn the_largest_counts_fit_the_encoding() {
	let mut program = decoder();
	let longest = program.layer[6];
	program.registers = vec![u32::MAX; MAX_REGISTERS as usize];
	program.tensors = vec![program.tensors[0]; MAX_TENSORS as usize];
	program.entry = vec![longest; MAX_OPERATIONS as usize];
	program.layer = program.entry.clone();
	program.head = Head::Tokens {
		ops: program.entry.clone(),
		logits: r(0),
		stop: vec![0; MAX_STOP_TOKENS as usize],
	};
	assert!(program.encoded_size() <= MAX_ENCODED_BYTES as usize);
}

#[test]
fn shapes_are_limited() {
	let matrix = |rows, columns| Shape::Matrix { rows, columns };
	let shapes = [
		(matrix(0, 32), Error::MatrixRows { tensor: t(0), rows: 0 }),
		(
			matrix(MAX_ROWS + 1, 32),
			Error::MatrixRows {
				tensor: t(0),
				rows: MAX_ROWS + 1,
			},
		),
		(
			matrix(1, 0),
			Error::MatrixColumns {
				tensor: t(0),
				columns: 0,
			},
		),
		(
			matrix(1, 33),
			Error::MatrixColumns {
				tensor: t(0),
				columns: 33,
			},
		),
		(
			matrix(1, MAX_COLUMNS + 32),
			Error::MatrixColumns {
				tensor: t(0),
				columns: MAX_COLUMNS + 32,
			},
		),
		(
			Shape::Vector { length: 0 },
			Error::VectorLength {
				tensor: t(0),
				length: 0,
			},
		),
		(
			Shape::Vector { length: MAX_ROWS + 1 },
			Error::VectorLength {
				tensor: t(0),
				length: MAX_ROWS + 1,
			},
		),
		(
			Shape::Rotation { positions: 0, pairs: 1 },
			Error::RotationPositions {
				tensor: t(0),
				positions: 0,
			},
		),
		(
			Shape::Rotation { positions: 1, pairs: 0 },
			Error::RotationPairs { tensor: t(0), pairs: 0 },
		),
		(
			Shape::Rotation {
				positions: 1,
				pairs: 513,
			},
			Error::RotationPairs {
				tensor: t(0),
				pairs: 513,
			},
		),
	];
	for (shape, error) in shapes {
		refused(error, |p| p.tensors[0].shape = shape);
	}
	refused_from(perceptron(), Error::PerLayerWithoutLayers { tensor: t(1) }, |p| {
		p.tensors[1].per_layer = true
	});
	let weights = 32 * u64::from(MAX_LAYERS) * u64::from(MAX_ROWS) * u64::from(MAX_COLUMNS);
	refused(Error::Weights { weights }, |p| {
		p.layers = MAX_LAYERS;
		p.tensors = vec![
			Tensor {
				shape: matrix(MAX_ROWS, MAX_COLUMNS),
				per_layer: true
			};
			32
		];
	});
}

#[test]
fn a_program_reads_tokens_or_a_vector() {
	let input = Op::Input { dst: r(0) };
	refused(Error::InputOutsideEntry { place: layer(0) }, |p| p.layer[0] = input);
	refused(
		Error::InputAndTokens {
			place: at(Phase::Entry, 1),
		},
		|p| p.entry.push(input),
	);
	refused(Error::NoInput, |p| {
		p.entry[0] = Op::Embed {
			dst: r(0),
			table: t(0),
			row: RowIndex::Constant(0),
		}
	});
	let width = Error::InputWidth {
		place: at(Phase::Entry, 3),
		width: 64,
		expected: 32,
	};
	refused_from(perceptron(), width, |p| p.entry.push(input));
	refused(
		Error::TokenRows {
			place: at(Phase::Entry, 1),
			rows: 39,
			expected: VOCABULARY,
		},
		|p| {
			p.tensors.push(Tensor {
				shape: Shape::Matrix { rows: 39, columns: 64 },
				per_layer: false,
			});
			p.entry.push(Op::Embed {
				dst: r(1),
				table: t(12),
				row: RowIndex::Token,
			});
		},
	);
	refused_from(perceptron(), Error::NoTokenTable, |p| {
		p.head = Head::Tokens {
			ops: vec![],
			logits: r(0),
			stop: vec![],
		};
	});
}

#[test]
fn heads_return_what_they_promise() {
	let tokens = |logits, stop| Head::Tokens {
		ops: vec![],
		logits: r(logits),
		stop,
	};
	refused(Error::OutputUnwritten { register: r(8) }, |p| {
		p.head = tokens(8, vec![])
	});
	refused(Error::OutputUnwritten { register: r(255) }, |p| {
		p.head = tokens(255, vec![])
	});
	refused(
		Error::Vocabulary {
			logits: 64,
			vocabulary: VOCABULARY,
		},
		|p| p.head = tokens(0, vec![]),
	);
	refused(
		Error::StopToken {
			token: VOCABULARY,
			vocabulary: VOCABULARY,
		},
		|p| {
			if let Head::Tokens { stop, .. } = &mut p.head {
				*stop = vec![VOCABULARY - 1, VOCABULARY];
			}
		},
	);
	refused(Error::LogitsNotLinear { logits: r(8) }, |p| {
		head_ops(p).push(Op::Add {
			dst: r(8),
			a: r(8),
			b: r(8),
		})
	});
	refused_from(encoder(), Error::OutputUnwritten { register: r(2) }, |p| {
		if let Head::Vector { output, .. } = &mut p.head {
			*output = r(2);
		}
	});
	let place = at(Phase::Head, 0);
	for row in [RowIndex::Token, RowIndex::Position] {
		refused_from(encoder(), Error::NoPosition { place }, |p| {
			head_ops(p)[0] = Op::Embed {
				dst: r(1),
				table: t(0),
				row,
			};
		});
	}
	refused_from(encoder(), Error::NoPosition { place }, |p| {
		head_ops(p)[0] = Op::Rotate {
			dst: r(0),
			table: t(2),
			head_dim: 32,
			style: RotaryStyle::Half,
		};
	});
}

#[test]
fn errors_name_place_and_values() {
	let error = Error::Width {
		place: layer(3),
		register: r(2),
		width: 64,
		expected: 128,
	};
	assert_eq!(error.to_string(), "layer[3]: register 2 is 64 wide, 128 needed");
	let error = JobError::PromptTooLong {
		tokens: 5000,
		positions: 4096,
	};
	assert_eq!(error.to_string(), "prompt has 5000 tokens, model accepts 4096");
}

#[test]
fn jobs_are_checked_against_the_program() {
	let greedy = |max_tokens| Generation {
		sampler: Sampler::Greedy,
		max_tokens,
		ignore_stop: false,
	};
	let tokens = |n: usize| Input::Tokens(vec![1; n]);
	let (decoder, encoder, perceptron) = (decoder(), encoder(), perceptron());
	assert_eq!(decoder.check_job(&tokens(23), &greedy(1)), Ok(()));
	assert_eq!(decoder.check_job(&tokens(0), &greedy(1)), Err(JobError::EmptyPrompt));
	assert_eq!(
		decoder.check_job(&tokens(23), &greedy(2)),
		Err(JobError::TooManyPositions {
			tokens: 23,
			max_tokens: 2,
			positions: 24
		})
	);
	assert_eq!(
		decoder.check_job(&tokens(1), &greedy(u32::MAX)),
		Err(JobError::TooManyPositions {
			tokens: 1,
			max_tokens: u32::MAX,
			positions: 24
		})
	);
	assert_eq!(
		decoder.check_job(&tokens(25), &greedy(1)),
		Err(JobError::PromptTooLong {
			tokens: 25,
			positions: 24
		})
	);
	assert_eq!(
		decoder.check_job(&tokens(3), &greedy(0)),
		Err(JobError::NothingToGenerate)
	);
	let unknown = Input::Tokens(vec![0, VOCABULARY]);
	let error = JobError::Token {
		index: 1,
		token: VOCABULARY,
		vocabulary: VOCABULARY,
	};
	assert_eq!(decoder.check_job(&unknown, &greedy(1)), Err(error));
	assert_eq!(
		decoder.check_job(&Input::Vector(vec![1]), &greedy(1)),
		Err(JobError::TokensExpected)
	);
	let sampler = Sampler::Gumbel {
		inverse_temperature: 0,
		seed: [0; 32],
	};
	let hot = Generation {
		sampler,
		max_tokens: 1,
		ignore_stop: false,
	};
	assert_eq!(decoder.check_job(&tokens(1), &hot), Err(JobError::InverseTemperature));
	// A vector head ignores the generation.
	assert_eq!(encoder.check_job(&tokens(20), &greedy(0)), Ok(()));
	assert_eq!(
		encoder.check_job(&tokens(21), &greedy(0)),
		Err(JobError::PromptTooLong {
			tokens: 21,
			positions: 20
		})
	);
	assert_eq!(perceptron.check_job(&Input::Vector(vec![0; 32]), &greedy(0)), Ok(()));
	let error = JobError::InputLength {
		length: 31,
		expected: 32,
	};
	assert_eq!(
		perceptron.check_job(&Input::Vector(vec![0; 31]), &greedy(0)),
		Err(error)
	);
	assert_eq!(
		perceptron.check_job(&tokens(1), &greedy(0)),
		Err(JobError::VectorExpected { expected: 32 })
	);
}

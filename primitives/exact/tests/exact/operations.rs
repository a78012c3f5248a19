//! Each rule of an operation, broken alone.

use super::{
	attention_scale,
	validation::{at, head_ops, layer, refused, refused_from},
};
use assay_exact::{limits::*, program::*, Phase, ProgramError as Error};
use assay_samples::programs::{encoder, r, t};

/// Hands over the index of the attention, too.
fn attention(change: impl FnOnce(&mut Program, usize)) -> impl FnOnce(&mut Program) {
	|program| {
		let i = program
			.layer
			.iter()
			.position(|op| matches!(op, Op::Attention { .. }))
			.unwrap();
		change(program, i);
	}
}

#[test]
fn registers_exist_agree_and_are_written_before_they_are_read() {
	let place = layer(0);
	let norm = |dst, src| Op::RmsNorm {
		dst: r(dst),
		src: r(src),
		gain: t(3),
		epsilon: 0,
	};
	refused(Error::UnknownRegister { place, register: r(9) }, |p| {
		p.layer[0] = norm(9, 0)
	});
	refused(
		Error::UnknownRegister {
			place,
			register: r(200),
		},
		|p| p.layer[0] = norm(1, 200),
	);
	refused(Error::ReadBeforeWritten { place, register: r(1) }, |p| {
		p.layer[0] = norm(1, 1)
	});
	refused(
		Error::ReadBeforeWritten {
			place: layer(15),
			register: r(1),
		},
		|p| {
			// What the entry wrote is gone in a layer, register 0 aside.
			p.entry.push(Op::Embed {
				dst: r(1),
				table: t(0),
				row: RowIndex::Token,
			});
			p.layer = vec![p.layer[8]; 16];
			p.layer[..15].fill(Op::Add {
				dst: r(0),
				a: r(0),
				b: r(0),
			});
		},
	);
	refused(
		Error::ReadBeforeWritten {
			place: at(Phase::Entry, 0),
			register: r(0),
		},
		|p| {
			p.entry.insert(
				0,
				Op::Add {
					dst: r(0),
					a: r(0),
					b: r(0),
				},
			);
		},
	);
	refused(
		Error::Width {
			place: layer(0),
			register: r(2),
			width: 128,
			expected: 64,
		},
		|p| p.layer[0] = norm(2, 0),
	);
	refused(
		Error::Width {
			place: layer(8),
			register: r(2),
			width: 128,
			expected: 64,
		},
		|p| {
			p.layer[8] = Op::Add {
				dst: r(0),
				a: r(0),
				b: r(2),
			};
		},
	);
	refused(
		Error::Width {
			place: layer(1),
			register: r(0),
			width: 64,
			expected: 96,
		},
		|p| {
			p.layer[1] = Op::Linear {
				dst: r(1),
				src: r(0),
				weight: t(11),
				bias: None,
			};
		},
	);
	refused(
		Error::Width {
			place: at(Phase::Entry, 0),
			register: r(0),
			width: 96,
			expected: 64,
		},
		|p| {
			p.registers[0] = 96;
		},
	);
	refused(
		Error::Overlap {
			place: layer(0),
			register: r(0),
		},
		|p| {
			p.tensors[7].shape = Shape::Matrix { rows: 64, columns: 64 };
			p.layer[0] = Op::Linear {
				dst: r(0),
				src: r(0),
				weight: t(7),
				bias: None,
			};
		},
	);
	refused(Error::NoResidual { phase: Phase::Entry }, |p| {
		p.entry[0] = Op::Embed {
			dst: r(1),
			table: t(0),
			row: RowIndex::Token,
		}
	});
	refused(Error::NoResidual { phase: Phase::Layer }, |p| {
		p.layer.retain(|op| op.dst() != r(0));
	});
}

#[test]
fn tensors_exist_and_are_of_the_right_kind_and_scope() {
	let norm = |gain| Op::RmsNorm {
		dst: r(1),
		src: r(0),
		gain: t(gain),
		epsilon: 0,
	};
	refused(
		Error::UnknownTensor {
			place: layer(0),
			tensor: t(12),
		},
		|p| p.layer[0] = norm(12),
	);
	let kind = |tensor, expected| Error::TensorKind {
		place: layer(0),
		tensor: t(tensor),
		expected,
	};
	refused(kind(0, "vector"), |p| p.layer[0] = norm(0));
	refused(kind(1, "matrix"), |p| {
		p.layer[0] = Op::Linear {
			dst: r(1),
			src: r(0),
			weight: t(1),
			bias: None,
		}
	});
	let rotate = Op::Rotate {
		dst: r(0),
		table: t(0),
		head_dim: 32,
		style: RotaryStyle::Half,
	};
	refused(kind(0, "rotation table"), |p| p.layer[0] = rotate);
	let outside = Error::PerLayerOutsideLayer {
		place: at(Phase::Head, 0),
		tensor: t(3),
	};
	refused(outside, |p| head_ops(p)[0] = norm(3));
	let length = Error::Length {
		place: layer(0),
		tensor: t(16),
		length: 128,
		expected: 64,
	};
	refused_from(encoder(), length, |p| {
		p.layer[0] = Op::Linear {
			dst: r(1),
			src: r(0),
			weight: t(5),
			bias: Some(t(16)),
		};
	});
	let length = Error::Length {
		place: at(Phase::Entry, 5),
		tensor: t(4),
		length: 32,
		expected: 64,
	};
	refused_from(encoder(), length, |p| p.tensors[4].shape = Shape::Vector { length: 32 });
	let constant = |row| Op::Embed {
		dst: r(1),
		table: t(2),
		row: RowIndex::Constant(row),
	};
	let row = Error::Row {
		place: at(Phase::Entry, 3),
		tensor: t(2),
		row: 2,
		rows: 2,
	};
	refused_from(encoder(), row, |p| p.entry[3] = constant(2));
	let rows = Error::PositionRows {
		place: at(Phase::Entry, 1),
		tensor: t(1),
		rows: 20,
		positions: 21,
	};
	refused_from(encoder(), rows, |p| p.positions = 21);
	let rows = Error::PositionRows {
		place: layer(4),
		tensor: t(2),
		rows: 24,
		positions: 25,
	};
	refused(rows, |p| p.positions = 25);
}

#[test]
fn normalisations_are_bounded() {
	let place = layer(0);
	refused(
		Error::Epsilon {
			place,
			epsilon: MAX_EPSILON + 1,
		},
		|p| {
			p.layer[0] = Op::RmsNorm {
				dst: r(1),
				src: r(0),
				gain: t(3),
				epsilon: MAX_EPSILON + 1,
			};
		},
	);
	refused(
		Error::Group {
			place,
			group: 48,
			width: 64,
		},
		|p| p.tensors[3].shape = Shape::Vector { length: 48 },
	);
	refused(
		Error::Normalised {
			place,
			elements: 32_769,
		},
		|p| {
			p.tensors[3].shape = Shape::Vector { length: 32_769 };
		},
	);
	refused(
		Error::Normalised {
			place: at(Phase::Head, 2),
			elements: 40_000,
		},
		|p| {
			p.registers[8] = 40_000;
			p.tensors[0].shape = Shape::Matrix {
				rows: 40_000,
				columns: 64,
			};
			head_ops(p).push(Op::L2Normalize { dst: r(8), src: r(8) });
		},
	);
	let last = Error::Epsilon {
		place: layer(6),
		epsilon: u64::MAX,
	};
	refused_from(encoder(), last, |p| {
		p.layer[6] = Op::LayerNorm {
			dst: r(0),
			src: r(0),
			gain: t(13),
			bias: t(14),
			epsilon: u64::MAX,
		};
	});
}

#[test]
fn heads_are_bounded() {
	let set = |p: &mut Program, i: usize, new: (u16, u16, u32, u32)| {
		if let Op::Attention {
			heads,
			kv_heads,
			head_dim,
			scale,
			..
		} = &mut p.layer[i]
		{
			(*heads, *kv_heads, *head_dim, *scale) = new;
		}
	};
	let place = layer(6);
	let scale = attention_scale(32);
	for head_dim in [0, 31, 48, 1056, u32::MAX] {
		refused(
			Error::HeadDim { place, head_dim },
			attention(|p, i| set(p, i, (4, 2, head_dim, scale))),
		);
		refused(
			Error::HeadDim {
				place: layer(4),
				head_dim,
			},
			|p| {
				p.layer[4] = Op::Rotate {
					dst: r(2),
					table: t(2),
					head_dim,
					style: RotaryStyle::Half,
				};
			},
		);
	}
	for (heads, kv_heads) in [(4, 0), (4, 3), (0, 1), (2, 4)] {
		refused(
			Error::Heads { place, heads, kv_heads },
			attention(|p, i| set(p, i, (heads, kv_heads, 32, scale))),
		);
	}
	for scale in [0, 1 << 31, u32::MAX] {
		refused(
			Error::Scale { place, scale },
			attention(|p, i| set(p, i, (4, 2, 32, scale))),
		);
	}
	let width = Error::Width {
		place,
		register: r(2),
		width: 128,
		expected: 256,
	};
	refused(width, attention(|p, i| set(p, i, (8, 2, 32, scale))));
	let width = Error::Width {
		place,
		register: r(3),
		width: 64,
		expected: 128,
	};
	refused(width, attention(|p, i| set(p, i, (4, 4, 32, scale))));
	refused(
		Error::Pairs {
			place: layer(4),
			pairs: 17,
			head_dim: 32,
		},
		|p| {
			p.tensors[2].shape = Shape::Rotation {
				positions: 24,
				pairs: 17,
			};
		},
	);
	refused(
		Error::Group {
			place: layer(4),
			group: 96,
			width: 128,
		},
		|p| {
			p.layer[4] = Op::Rotate {
				dst: r(2),
				table: t(2),
				head_dim: 96,
				style: RotaryStyle::Half,
			};
		},
	);
	refused(
		Error::Overlap { place, register: r(2) },
		attention(|p, i| {
			if let Op::Attention { dst, .. } = &mut p.layer[i] {
				*dst = r(2);
			}
		}),
	);
}

#[test]
fn attention_stands_once_in_the_layer_and_is_causal_under_tokens() {
	refused(
		Error::AttentionOutsideLayer {
			place: at(Phase::Head, 0),
		},
		|p| {
			let attention = p.layer[6];
			head_ops(p)[0] = attention;
		},
	);
	refused(
		Error::SecondAttention { place: layer(7) },
		attention(|p, i| p.layer[i + 1] = p.layer[i]),
	);
	refused(
		Error::NotCausal { place: layer(6) },
		attention(|p, i| {
			if let Op::Attention { mask, .. } = &mut p.layer[i] {
				*mask = Mask::Full;
			}
		}),
	);
}

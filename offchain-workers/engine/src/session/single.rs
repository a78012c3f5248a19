//! Single positions of a run that is over, run once more for the accumulators of their products.

use super::{Part, Place, Session, Source};
use crate::{attention::Attention, cache::Cache, linear, tensors::View, witness::Followers, Model};
use assay_exact::program::{Mask, Op};

impl Session {
	/// Begins with single positions of one run, each with the token that it reads.
	pub(crate) fn begin_at(&mut self, places: impl Iterator<Item = (u32, usize)>) {
		self.places = places.map(|(token, position)| Place { token, position }).collect();
	}

	/// Runs some operations at those positions, whose cache rows are there already; `sums` gets the accumulators of each
	/// product.
	pub(crate) fn accumulate(
		&mut self,
		model: &Model,
		ops: &[Op],
		layer: usize,
		input: Source<'_>,
		cache: Option<&Cache>,
		sums: &mut dyn FnMut(Vec<i64>),
	) {
		let kernels = &model.kernels;
		let view = View {
			tensors: &model.tensors,
			program: &model.program,
			layer,
		};
		for op in ops {
			match (op, cache) {
				(Op::Linear { dst, src, weight, bias }, _) => {
					let source = usize::from(src.0);
					let activations = self.registers[source].quantised(kernels);
					let bias = bias.map(|bias| view.vector(bias));
					let (accumulators, values) = linear::accumulate(kernels, &activations, view.matrix(*weight), bias);
					self.registers[source].quantised = Some(activations);
					self.put(*dst, values);
					sums(accumulators);
				}
				(
					Op::Attention {
						dst,
						query,
						heads,
						head_dim,
						scale,
						mask,
						..
					},
					Some(cache),
				) => {
					let attention = Attention {
						heads: (*heads).into(),
						head_dim: *head_dim as usize,
						scale: *scale,
						mask: *mask,
					};
					let mut mixed = self.take(*dst);
					let width = self.width(*dst);
					let queries = self.registers[usize::from(query.0)].values.chunks_exact(width);
					for ((place, queries), mixed) in self.places.iter().zip(queries).zip(mixed.chunks_exact_mut(width))
					{
						let last = match mask {
							Mask::Causal => place.position,
							Mask::Full => cache.positions() - 1,
						};
						attention.attend(kernels, cache, last, queries, mixed);
					}
					self.put(*dst, mixed);
				}
				_ => {
					let part = Part {
						source: input,
						first: 0,
						caches: &mut [],
						followers: Followers {
							observer: &mut (),
							witness: &mut (),
						},
					};
					self.operation(kernels, op, view, &mut [part]);
				}
			}
		}
	}
}

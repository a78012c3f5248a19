//! Made-up weights.

use crate::Noise;
use assay_exact::{
	evaluate::Weights,
	program::{Program, Shape, TensorIndex},
	Instance,
};
use std::collections::BTreeMap;

/// All rows of a program's tensors.
#[derive(Clone, Debug)]
pub struct MadeUp(BTreeMap<Instance, (usize, Vec<u8>)>);

impl MadeUp {
	/// Of a program, from a seed.
	pub fn new(program: &Program, seed: u64) -> Self {
		let mut noise = Noise::new(seed);
		Self::of_rows(program, |shape, position| made_up_row(shape, position, &mut noise))
	}

	/// Of a program, each row from its shape and number.
	pub(crate) fn of_rows(program: &Program, mut row: impl FnMut(Shape, u32) -> Vec<u8>) -> Self {
		let tensors = program.instances().map(|instance| {
			let shape = program.tensors[usize::from(instance.tensor.0)].shape;
			let bytes = (0..shape.rows()).flat_map(|position| row(shape, position)).collect();
			(instance, (shape.row_bytes() as usize, bytes))
		});
		Self(tensors.collect())
	}

	/// A row, to change it. Panics if there is none.
	pub fn row_mut(&mut self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> &mut [u8] {
		let (bytes, tensor) = self.0.get_mut(&Instance { tensor, layer }).unwrap();
		&mut tensor[row as usize * *bytes..][..*bytes]
	}

	/// Takes the rows of a tensor away from one on. Panics if there is none.
	pub fn truncate(&mut self, tensor: TensorIndex, layer: Option<u16>, row: u32) {
		let (bytes, tensor) = self.0.get_mut(&Instance { tensor, layer }).unwrap();
		tensor.truncate(row as usize * *bytes);
	}

	/// Takes a tensor away. Panics if there is none.
	pub fn remove(&mut self, tensor: TensorIndex, layer: Option<u16>) {
		self.0.remove(&Instance { tensor, layer }).unwrap();
	}
}

impl Weights for MadeUp {
	fn row(&self, tensor: TensorIndex, layer: Option<u16>, row: u32) -> Option<&[u8]> {
		let (bytes, tensor) = self.0.get(&Instance { tensor, layer })?;
		tensor.get(row as usize * *bytes..(row as usize + 1) * *bytes)
	}
}

fn made_up_row(shape: Shape, position: u32, noise: &mut Noise) -> Vec<u8> {
	match shape {
		Shape::Matrix { columns, .. } => {
			// Scales around 2⁻⁹ (f16 exponent field 6), so that real weights are within about 0.4.
			let scales = (0..columns / 32).flat_map(|_| ((6 << 10) + (noise.next() % 2048) as u16).to_le_bytes());
			let mut row: Vec<u8> = scales.collect();
			row.extend((0..columns).map(|_| noise.within(127) as i8 as u8));
			row
		}
		Shape::Vector { length } => (0..length)
			.flat_map(|_| (65536 + noise.within(32768)).to_le_bytes())
			.collect(),
		Shape::Rotation { pairs, .. } => (0..pairs)
			.flat_map(|k| {
				let angle = f64::from(position) * 10_000f64.powf(-f64::from(k) / f64::from(pairs));
				[angle.cos(), angle.sin()].map(|x| (x * f64::from(1 << 30)).round() as i32)
			})
			.flat_map(i32::to_le_bytes)
			.collect(),
	}
}

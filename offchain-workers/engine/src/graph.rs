//! The exact linear layer inside graphs of candle: a model that is written for candle gets products that are the same to the
//! bit on every machine, tier and number of threads, in place of those of `QMatMul`.
//!
//! Values cross the border in f32. One that enters becomes a multiple of 2⁻¹⁶, half away from zero, and is then quantised for
//! the product as the profile says (`docs/exact-arithmetic.md`, 2.2 and 3.1); what leaves is a multiple of 2⁻¹⁶ and, below 2⁸
//! in magnitude, an f32 without another rounding. What candle itself computes between two such layers is as exact as candle.

use crate::{
	activations::Activations,
	kernel::{Kernels, BLOCK},
	linear::{multiply, Product},
	matrix::Matrix,
	tensors::Rows,
	LoadError, Tier,
};
use assay_exact::{
	evaluate::Weights,
	program::{Shape, TensorIndex},
	Instance,
};
use candle_core::{
	bail,
	quantized::{GgmlDType, QTensor},
	CpuStorage, CustomOp1, DType, Layout, Module, Result, Tensor,
};

/// Fraction bits of a value.
const FRACTION: f64 = 65_536.0;

/// A layer `y = W x + b` with weights in Q8_0, as an operation of candle.
///
/// # Shapes
/// - input: `[.., columns]`, f32; other floats are converted
/// - output: `[.., rows]`, f32
///
/// It runs on processors, on rayon's threads as candle's own products do, and has no gradient.
pub struct ExactLinear {
	matrix: Matrix,
	bias: Option<Vec<i32>>,
	columns: usize,
	kernels: Kernels,
}

impl ExactLinear {
	/// From a matrix `[rows, columns]` in Q8_0, whose columns are a multiple of 32, and a bias of its rows. The kernels are those of
	/// `tier`, or the fastest of this processor.
	pub fn new(weight: &QTensor, bias: Option<&Tensor>, tier: Option<Tier>) -> Result<Self> {
		let (rows, columns) = weight.shape().dims2()?;
		if weight.dtype() != GgmlDType::Q8_0 {
			bail!(
				"the weights of an exact linear layer are in Q8_0, these are in {:?}",
				weight.dtype()
			);
		}
		let canonical = Canonical::of(&weight.data()?, columns);
		let (Ok(height), Ok(width)) = (u32::try_from(rows), u32::try_from(columns)) else {
			bail!("a matrix of {rows} rows and {columns} columns is too large");
		};
		let shape = Shape::Matrix {
			rows: height,
			columns: width,
		};
		let instance = Instance {
			tensor: TensorIndex(0),
			layer: None,
		};
		let source = Rows::new(&canonical, instance, shape);
		let matrix = Matrix::pack(&source, rows, columns, false).map_err(candle_core::Error::wrap)?;
		let bias = bias
			.map(|bias| fixed_point(&bias.to_dtype(DType::F32)?.to_vec1()?))
			.transpose()?;
		if let Some(bias) = bias.as_ref().filter(|bias| bias.len() != rows) {
			bail!("a bias of {} values for a matrix of {rows} rows", bias.len());
		}
		let tier = tier.map_or_else(Tier::detect, Ok).and_then(Kernels::of);
		Ok(Self {
			matrix,
			bias,
			columns,
			kernels: tier.map_err(|error| candle_core::Error::wrap(LoadError::from(error)))?,
		})
	}
}

impl Module for ExactLinear {
	fn forward(&self, x: &Tensor) -> Result<Tensor> {
		x.to_dtype(DType::F32)?.contiguous()?.apply_op1_no_bwd(self)
	}
}

impl CustomOp1 for ExactLinear {
	fn name(&self) -> &'static str {
		"exact-linear"
	}

	fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, candle_core::Shape)> {
		let mut dimensions = layout.dims().to_vec();
		match dimensions.last_mut() {
			Some(width) if *width == self.columns => *width = self.matrix.rows(),
			_ => bail!(
				"the last dimension of {dimensions:?} is not the layer's {} columns",
				self.columns
			),
		}
		let Some((start, end)) = layout.contiguous_offsets() else {
			bail!("an exact linear layer reads vectors that lie one behind the other");
		};
		let values = fixed_point(&storage.as_slice::<f32>()?[start..end])?;
		let mut activations = Activations::default();
		activations.quantise(&self.kernels, &values, self.columns);
		let mut outputs = vec![0; activations.positions() * self.matrix.rows()];
		let product = Product {
			matrix: &self.matrix,
			bias: self.bias.as_deref(),
			outputs: &mut outputs,
		};
		multiply(&self.kernels, &activations, &mut [product], &mut Vec::new());
		let outputs = outputs.into_iter().map(|value| (f64::from(value) / FRACTION) as f32);
		Ok((CpuStorage::F32(outputs.collect()), dimensions.into()))
	}
}

/// Values as multiples of 2⁻¹⁶: half away from zero, and at the ends of their range where they are beyond.
fn fixed_point(values: &[f32]) -> Result<Vec<i32>> {
	let fixed = values.iter().map(|value| match value.is_nan() {
		true => bail!("an exact linear layer was given something that is not a number"),
		// A cast of floats saturates.
		false => Ok((f64::from(*value) * FRACTION).round() as i32),
	});
	fixed.collect()
}

/// Rows as artifacts have them, the scales before the weights, from candle's blocks, which have each its own scale before it.
struct Canonical {
	bytes: Vec<u8>,
	row_bytes: usize,
}

impl Canonical {
	fn of(blocks: &[u8], columns: usize) -> Self {
		let row_bytes = columns / BLOCK * (BLOCK + 2);
		let mut bytes = Vec::with_capacity(blocks.len());
		for row in blocks.chunks_exact(row_bytes.max(1)) {
			let blocks = || row.chunks_exact(BLOCK + 2);
			bytes.extend(blocks().flat_map(|block| &block[..2]));
			bytes.extend(blocks().flat_map(|block| &block[2..]));
		}
		Self { bytes, row_bytes }
	}
}

impl Weights for Canonical {
	fn row(&self, _: TensorIndex, _: Option<u16>, row: u32) -> Option<&[u8]> {
		let start = (row as usize).checked_mul(self.row_bytes)?;
		self.bytes.get(start..start.checked_add(self.row_bytes)?)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use assay_exact::{
		blocks::{Activation, WeightRow},
		linear::linear,
	};
	use candle_core::{quantized::QMatMul, Device};
	use candle_nn::ops::silu;

	const ROWS: usize = 37;
	const COLUMNS: usize = 96;

	/// Numbers of some size that follow no pattern.
	fn numbers(count: usize, size: f32) -> Vec<f32> {
		let mut state = 1u32;
		let next = || {
			state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
			(state >> 8) as f32 / (1 << 23) as f32 - 1.0
		};
		std::iter::repeat_with(next).take(count).map(|x| x * size).collect()
	}

	fn tensor(values: Vec<f32>, shape: &[usize]) -> Tensor {
		Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
	}

	fn weight() -> QTensor {
		let weight = tensor(numbers(ROWS * COLUMNS, 0.2), &[ROWS, COLUMNS]);
		QTensor::quantize(&weight, GgmlDType::Q8_0).unwrap()
	}

	#[test]
	fn the_layer_is_the_law_to_the_bit_on_every_tier() {
		let (weight, bias) = (weight(), numbers(ROWS, 1.0));
		let inputs = [
			numbers(5 * COLUMNS, 3.0),
			numbers(5 * COLUMNS, 40_000.0),
			vec![f32::INFINITY; 5 * COLUMNS],
		];
		let canonical = Canonical::of(&weight.data().unwrap(), COLUMNS);
		let fixed_bias = fixed_point(&bias).unwrap();
		for input in inputs {
			let fixed = fixed_point(&input).unwrap();
			let expected = fixed.chunks(COLUMNS).flat_map(|x| {
				let x = Activation::new(x);
				let rows = (0..ROWS as u32).zip(&fixed_bias);
				rows.map(|(row, bias)| {
					let row = WeightRow::parse(canonical.row(TensorIndex(0), None, row).unwrap()).unwrap();
					(f64::from(linear(&row, &x, Some(*bias))) / FRACTION) as f32
				})
				.collect::<Vec<_>>()
			});
			let expected: Vec<f32> = expected.collect();
			for tier in Tier::ALL.into_iter().filter(|tier| tier.is_available()) {
				let layer = ExactLinear::new(&weight, Some(&tensor(bias.clone(), &[ROWS])), Some(tier)).unwrap();
				let y = layer.forward(&tensor(input.clone(), &[5, COLUMNS])).unwrap();
				assert_eq!(y.flatten_all().unwrap().to_vec1::<f32>().unwrap(), expected, "{tier}");
			}
		}
	}

	#[test]
	fn a_graph_of_candle_may_have_it_in_place_of_its_own_product() {
		let (up, down) = (weight(), {
			let weight = tensor(numbers(COLUMNS * 64, 0.2), &[COLUMNS, 64]);
			QTensor::quantize(&weight, GgmlDType::Q8_0).unwrap()
		});
		// A batch of sequences, of which a view that does not lie in one piece is fed.
		let x = tensor(numbers(2 * 64 * 3, 2.0), &[2, 64, 3]).transpose(1, 2).unwrap();
		let exact = |weight: &QTensor| ExactLinear::new(weight, None, None).unwrap();
		let y = exact(&down).forward(&x).and_then(|x| silu(&x)).unwrap();
		let y = exact(&up).forward(&y).unwrap();
		let theirs = |weight: QTensor| QMatMul::from_qtensor(weight).unwrap();
		let expected = theirs(down)
			.forward(&x.contiguous().unwrap())
			.and_then(|x| silu(&x))
			.unwrap();
		let expected = theirs(up).forward(&expected).unwrap();
		assert_eq!(y.dims(), [2, 3, ROWS]);
		let flat = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
		let (y, expected) = (flat(&y), flat(&expected));
		let largest = expected.iter().fold(0.0f32, |most, x| most.max(x.abs()));
		for (ours, theirs) in y.iter().zip(&expected) {
			// candle quantises what it multiplies with to eight bits.
			assert!((ours - theirs).abs() < 0.02 * largest, "{ours} {theirs}");
		}
	}

	#[test]
	fn what_it_cannot_take_is_refused_in_words() {
		let layer = ExactLinear::new(&weight(), None, None).unwrap();
		let refused = |x: Tensor| layer.forward(&x).unwrap_err().to_string();
		let narrow = refused(tensor(numbers(64, 1.0), &[2, 32]));
		assert!(narrow.contains("[2, 32]") && narrow.contains("96 columns"), "{narrow}");
		let nan = refused(tensor(vec![f32::NAN; COLUMNS], &[1, COLUMNS]));
		assert!(nan.contains("not a number"), "{nan}");
		let plain = tensor(numbers(ROWS * COLUMNS, 0.2), &[ROWS, COLUMNS]);
		let other = QTensor::quantize(&plain, GgmlDType::Q4_0).unwrap();
		let error = ExactLinear::new(&other, None, None).err().unwrap().to_string();
		assert!(error.contains("Q8_0") && error.contains("Q4_0"), "{error}");
		let bias = tensor(numbers(3, 1.0), &[3]);
		let error = ExactLinear::new(&weight(), Some(&bias), None)
			.err()
			.unwrap()
			.to_string();
		assert!(error.contains("3 values") && error.contains("37 rows"), "{error}");
	}
}

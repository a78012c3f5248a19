//! The worked numbers and vectors of `docs/exact-arithmetic.md`: every line built here stands in the page.

use assay_exact::{
	activation::activate,
	attention::{attend, exp2_below},
	blocks::{Activation, CacheRow, Factors, WeightRow},
	linear::{accumulate, embed, linear},
	normalise::{layer_norm, rms_norm, InverseRoot},
	number::{divr, rshift},
	program::*,
	sample::{choose, exponential, gumbel, random_words},
	Sampler,
};
use codec::Encode;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("../../../../docs/exact-arithmetic.md");

/// Asserts that the page has all lines.
fn on_the_page(lines: &[String]) {
	let missing: Vec<&String> = lines
		.iter()
		.filter(|line| !PAGE.lines().any(|own| own.trim() == line.trim()))
		.collect();
	assert!(
		missing.is_empty(),
		"not on the page:\n{}",
		missing.iter().map(|line| format!("{line}\n")).collect::<String>()
	);
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
	bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of values as little-endian i32.
fn digest(values: &[i32]) -> String {
	hex(Sha256::digest(
		values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
	))
}

/// The row of section 7: scales 0.1 and 2⁻¹⁴, weights (37·i mod 255) - 127.
fn weights() -> Vec<u8> {
	let mut row = vec![0x66, 0x2e, 0x00, 0x04];
	row.extend((0..64).map(|i| ((37 * i) % 255 - 127) as i8 as u8));
	row
}

/// The vector of section 7.
fn values() -> Vec<i32> {
	(0..64)
		.map(|i| if i < 32 { 40_000 * i - 500_000 } else { 70 * i - 3_000 })
		.collect()
}

#[test]
fn a_linear_row_comes_out_as_the_page_says() {
	let bytes = weights();
	let row = WeightRow::parse(&bytes).unwrap();
	let factors = Factors::new(&row.scales);
	let x = Activation::new(&values());
	let dots: Vec<i64> = row
		.blocks()
		.zip(x.mantissas.chunks(32))
		.map(|(q, m)| q.iter().zip(m).map(|(&q, &m)| i64::from(q) * i64::from(m)).sum())
		.collect();
	let scales: Vec<String> = row
		.scales
		.iter()
		.map(|scale| format!("{} · 2^{}", scale.mantissa, scale.exponent))
		.collect();
	on_the_page(&[
		format!("row      {}", hex(&bytes)),
		format!("scales   {}", scales.join(", ")),
		format!("floor    {}", factors.floor),
		format!("factors  {:?}", factors.factors),
		format!("base     {}", x.base),
		format!("lifts    {:?}", x.lifts),
		format!("m        {:?} … {:?}", &x.mantissas[..4], &x.mantissas[60..]),
		format!("dots     {dots:?}"),
		format!("A        {}", accumulate(&row, &factors, &x)),
		format!(
			"y        {} (bias 0), {} (bias -1000000)",
			linear(&row, &x, None),
			linear(&row, &x, Some(-1_000_000))
		),
		format!(
			"embed    {:?} … {:?}",
			&embed(&row).collect::<Vec<_>>()[..4],
			&embed(&row).collect::<Vec<_>>()[60..]
		),
	]);
}

#[test]
fn a_normalised_vector_comes_out_as_the_page_says() {
	let x = [65_536, -131_072, 196_608, 12_345];
	let (gain, bias) = ([65_536, 65_536, 32_768, -65_536], [0, 1_000, 0, -1_000]);
	let sum: i64 = x.iter().map(|&x| i64::from(x).pow(2)).sum();
	let v = sum / 4 + 42_950;
	let root = InverseRoot::new(v as u64);
	let z: Vec<i64> = x.iter().map(|&x| root.times(x)).collect();
	on_the_page(&[
		format!("Σ c²     {sum}"),
		format!("v        {v}"),
		format!("t        {}", root.t),
		format!("r        {}", assay_exact::number::isqrt((v as u64) << (2 * root.t))),
		format!("inv      {}", root.inverse),
		format!("z        {z:?}"),
		format!("RMSNorm  {:?}", rms_norm(&x, &gain, 42_950)),
		format!("μ        {}", divr(x.iter().map(|&x| i64::from(x)).sum(), 4)),
		format!("LayerNorm  {:?}", layer_norm(&x, &gain, &bias, 42_950)),
	]);
}

#[test]
fn a_softmax_comes_out_as_the_page_says() {
	let t = [-50_000, 200_000, 131_072, -2_000_000];
	let u = t.map(|t| (200_000 - t) as u32);
	let e = u.map(exp2_below);
	let w = e.map(|e| rshift(e, 15));
	on_the_page(&[
		format!("u        {u:?}"),
		format!("e        {e:?}"),
		format!("w        {w:?}"),
		format!("Z        {}", w.iter().sum::<i64>()),
	]);
}

#[test]
fn an_attention_vector_comes_out_as_the_page_says() {
	let row = |f: fn(i64, i64) -> i64, j: i64| (0..64).map(|i| f(i, j) as i32).collect::<Vec<_>>();
	let query = row(|i, _| 9_000 * i - 250_000, 0);
	let keys: Vec<CacheRow> = (0..5)
		.map(|j| CacheRow::new(&row(|i, j| (i * 7_919 * (j + 1)) % 200_003 - 100_001, j)))
		.collect();
	let values: Vec<CacheRow> = (0..5)
		.map(|j| CacheRow::new(&row(|i, j| ((i * 104_729 * (j + 3)) % 400_009 - 200_004) >> (2 * j), j)))
		.collect();
	let y = attend(&query, &keys, &values, 193_635_251);
	on_the_page(&[
		format!(
			"key 0    base {}, shifts {:?}, k {:?} …",
			keys[0].base,
			keys[0].shifts,
			&keys[0].mantissas[..4]
		),
		format!(
			"value 4  base {}, shifts {:?}, v {:?} …",
			values[4].base,
			values[4].shifts,
			&values[4].mantissas[..4]
		),
		format!("y        {:?} … {:?}", &y[..4], &y[60..]),
		format!("digest   {}", digest(&y)),
	]);
}

#[test]
fn activation_functions_come_out_as_the_page_says() {
	let names = [
		(Function::Silu, "SiLU"),
		(Function::GeluErf, "GELU (erf)"),
		(Function::GeluTanh, "GELU (tanh)"),
		(Function::Relu, "ReLU"),
		(Function::Sigmoid, "Sigmoid"),
		(Function::Tanh, "Tanh"),
	];
	let lines = names.map(|(function, name)| {
		let y = [-300_000, -65_536, -1, 1_000, 65_536, 300_000, i32::MAX].map(|x| activate(function, x).to_string());
		format!("| {name} | {} |", y.join(" | "))
	});
	on_the_page(&lines);
}

#[test]
fn noise_comes_out_as_the_page_says() {
	let seed: [u8; 32] = core::array::from_fn(|i| i as u8);
	let words = random_words(&seed, 5, 1);
	let join = |values: Vec<String>| values.join(", ");
	let logits: Vec<i32> = (0..16).map(|i| 10_000 * (i % 5)).collect();
	let sampler = Sampler::Gumbel {
		inverse_temperature: 81_920,
		seed,
	};
	on_the_page(&[
		format!(
			"words    {}",
			join(words.iter().map(|word| format!("{word:08x}")).collect())
		),
		format!(
			"E        {}",
			join(words.iter().map(|&word| exponential(word).to_string()).collect())
		),
		format!(
			"g        {}",
			join(words.iter().map(|&word| gumbel(word).to_string()).collect())
		),
		format!("ends     g(0) = {}, g(2³² - 1) = {}", gumbel(0), gumbel(u32::MAX)),
		format!("token    {}", choose(&sampler, &logits, 5)),
	]);
}

#[test]
fn a_program_is_encoded_as_the_page_says() {
	let op = |dst, src, weight| Op::Linear {
		dst: Register(dst),
		src: Register(src),
		weight: TensorIndex(weight),
		bias: None,
	};
	let matrix = |rows, columns| Tensor {
		shape: Shape::Matrix { rows, columns },
		per_layer: false,
	};
	let program = Program {
		profile: Profile::Q8A16V1,
		positions: 128,
		registers: vec![64, 256],
		tensors: vec![matrix(256, 64), matrix(256, 64)],
		layers: 0,
		entry: vec![Op::Embed {
			dst: Register(0),
			table: TensorIndex(0),
			row: RowIndex::Token,
		}],
		layer: vec![],
		head: Head::Tokens {
			ops: vec![op(1, 0, 1)],
			logits: Register(1),
			stop: vec![0],
		},
	};
	assert_eq!(program.validate(), Ok(()));
	on_the_page(&[
		format!("program  {}", hex(program.encode())),
		format!("sha-256  {}", hex(Sha256::digest(program.encode()))),
	]);
}

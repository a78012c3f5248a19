//! Opens a channel to an operator, asks for an answer, prints its tokens as they come, and closes the channel:
//! `cargo run -p assay-sdk --example ask -- ws://127.0.0.1:9944 //Bob 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY 0 1,2,3 folder`.

use anyhow::{Context, Result};
use assay_sdk::{
	consumer::{Event, Settings},
	jobs::{self, Generation, Input, Sampler},
	keys,
	protocol::{ModelVersion, VersionNumber},
	Amount, Assay,
};
use sp_core::{sr25519, Pair};
use std::path::PathBuf;

#[tokio::main]
async fn main() -> Result<()> {
	let mut arguments = std::env::args().skip(1);
	let mut argument = |what| arguments.next().context(what);
	let assay = Assay::connect(&argument("which node?")?).await?;
	let signer = keys::signer(&argument("who pays?")?)?;
	let operator = keys::account(&argument("which operator?")?)?;
	let version = ModelVersion {
		model: argument("which model?")?.parse()?,
		version: VersionNumber(0),
	};
	let tokens = argument("what is asked?")?
		.split(',')
		.map(str::parse)
		.collect::<Result<_, _>>()?;
	let folder = PathBuf::from(argument("which folder?")?);

	// A fresh key: whoever has it spends what is in the channel, and nothing else. It is kept, for the folder is of no use without it.
	let (key, seed) = sr25519::Pair::generate();
	std::fs::create_dir_all(&folder)?;
	std::fs::write(folder.join("seed"), seed)?;
	let offers = assay.models().offers(version).await?;
	let offered = offers.iter().find(|summary| summary.offer.operator == operator);
	let price = Amount(offered.context("the operator does not offer the version")?.offer.price);
	let deposit = Amount(assay.channels().parameters().await?.min_deposit);
	let channel = assay
		.channels()
		.open(&signer, operator, version, price, &key.public(), deposit)
		.await?;
	println!("channel {channel} with {deposit}");

	let consumer = assay
		.channels()
		.consumer(channel, key, &folder, Settings::default())
		.await?;
	let generation = Generation {
		sampler: Sampler::Greedy,
		max_tokens: 24,
		ignore_stop: false,
	};
	let mut answer = consumer.ask(jobs::input(Input::Tokens(tokens))?, generation).await?;
	while let Some(event) = answer.next().await {
		match event? {
			Event::Tokens(tokens) => println!("{tokens:?}"),
			Event::Values(values) => println!("a vector of {}", values.len()),
			Event::Receipt(answered) => println!(
				"for {}, receipt of block {}",
				answered.fee(),
				answered.revealed.receipt.block
			),
		}
	}
	consumer.close().await?;
	println!("closed");
	Ok(())
}

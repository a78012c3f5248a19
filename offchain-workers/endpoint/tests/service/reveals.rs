//! What is drawn of a batch is revealed to the chain.

use crate::{
	client::{is_signed, GENESIS},
	fake::{Consumers as _, House, OPERATOR, PARAMETERS},
	settlement::spend,
};
use assay_endpoint::chain::RevealDuty;
use assay_protocol::{
	audit::{Question, Reply},
	channel::Batch,
	Attempt, JobId,
};
use assay_trace::{claim::ClaimRoot, Hash32};

/// A batch that was settled, and the duty to reveal the receipt behind its last unit.
async fn a_duty(house: &House) -> (Batch, RevealDuty) {
	let consumer = house.a_consumer(1).await;
	let receipts = spend(&consumer, 0, 0, PARAMETERS.min_batch_fee).await;
	consumer.vouch(&[consumer.a_voucher(0, 0, &receipts)]).await;
	house.block().await;
	let batch = house.chain.batches.lock().unwrap()[0].clone();
	let duty = RevealDuty {
		job: JobId(3),
		attempt: Attempt(0),
		from: OPERATOR,
		root: ClaimRoot(Hash32([5; 32])),
		unit: batch.tree.units - 1,
		batch: batch.clone(),
		deadline: 40,
	};
	(batch, duty)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_drawn_is_revealed_until_the_chain_has_it() {
	let mut house = House::new().await;
	let (batch, duty) = a_duty(&house).await;
	house.chain.due.lock().unwrap().push(duty.clone());
	house.block().await;
	{
		let revealed = house.chain.revealed.lock().unwrap();
		let [signed] = &revealed[..] else {
			panic!("{} replies", revealed.len());
		};
		let reply = &signed.reply;
		assert_eq!(
			(reply.job, reply.attempt, &reply.from),
			(duty.job, duty.attempt, &duty.from)
		);
		assert_eq!(reply.question, Question::Receipt { unit: duty.unit });
		let Reply::Receipt(unit) = &reply.reply else {
			panic!("{:?}", reply.reply);
		};
		assert!(unit.is_of(&batch, duty.unit));
		let payload = reply.signing_payload(&duty.root, &GENESIS);
		assert!(is_signed(&signed.signature, &payload, &house.chain.worker_key()));
	}
	// It is on its way: not each block asks again. If it got lost, a later one does.
	house.block().await;
	assert_eq!(house.chain.revealed.lock().unwrap().len(), 1);
	for _ in 0..3 {
		house.block().await;
	}
	assert_eq!(house.chain.revealed.lock().unwrap().len(), 2);
	// After a restart the journal has it still.
	house.stop().await;
	house.start("journal").await;
	assert_eq!(house.chain.revealed.lock().unwrap().len(), 3);
	house.chain.due.lock().unwrap().clear();
	for _ in 0..6 {
		house.block().await;
	}
	assert_eq!(house.chain.revealed.lock().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_journal_does_not_have_is_not_made_up_and_holds_up_nothing_else() {
	let house = House::new().await;
	let (_, duty) = a_duty(&house).await;
	let strange = RevealDuty {
		job: JobId(2),
		batch: Batch {
			lane: 7,
			..duty.batch.clone()
		},
		..duty.clone()
	};
	house.chain.due.lock().unwrap().extend([strange, duty.clone()]);
	house.block().await;
	let revealed = house.chain.revealed.lock().unwrap();
	assert_eq!(
		revealed.iter().map(|signed| signed.reply.job).collect::<Vec<_>>(),
		[duty.job]
	);
}

use super::*;
use proptest::prelude::*;

const GENESIS: [u8; 32] = [9; 32];
const CHANNEL: ChannelId = ChannelId(Hash32([4; 32]));

fn key() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[1; 32])
}

fn signing(key: &sr25519::Pair) -> Signing<'_> {
	Signing {
		genesis: &GENESIS,
		channel: CHANNEL,
		lane: 3,
		key,
	}
}

fn known(index: u64) -> Known {
	Known {
		leaf: Hash32::of(&[&index.to_le_bytes()]),
		units: 10 + index,
	}
}

fn a_lane(receipts: u64) -> Lane {
	let head = Head {
		first: 0,
		base: 0,
		voucher: None,
	};
	let mut lane = Lane::restored(head, VecDeque::new()).unwrap();
	for index in 0..receipts {
		assert!(lane.push(known(index)));
	}
	lane
}

fn tree(range: std::ops::Range<u64>) -> SumRoot {
	let mut tree = SumTree::default();
	for index in range {
		assert!(tree.push(known(index).leaf, known(index).units));
	}
	tree.root().unwrap()
}

fn voucher(lane: &mut Lane, key: &sr25519::Pair) -> SignedVoucher {
	lane.vouch(signing(key)).expect("something is due").0
}

fn standing(base: u64, voucher: Option<SignedVoucher>) -> Standing {
	Standing { base, voucher }
}

#[test]
fn a_voucher_is_for_all_receipts_after_the_base_and_is_signed_once() {
	let key = key();
	let mut lane = a_lane(3);
	let (first, is_new) = lane.vouch(signing(&key)).unwrap();
	assert!(is_new);
	assert_eq!(
		(first.voucher.base, first.voucher.count, first.voucher.tree),
		(0, 3, tree(0..3))
	);
	assert_eq!(lane.vouch(signing(&key)), Some((first.clone(), false)));
	lane.taken(&first.voucher);
	assert_eq!(lane.vouch(signing(&key)), None);
	assert_eq!((lane.unpaid_units(), lane.vouched()), (0, 3));
	assert!(lane.push(known(3)));
	assert_eq!(voucher(&mut lane, &key).voucher.tree, tree(0..4));
}

#[test]
fn a_lane_goes_on_where_the_endpoint_has_cut_it_and_back_where_it_takes_the_cut_back() {
	let key = key();
	let mut lane = a_lane(3);
	let first = voucher(&mut lane, &key);
	assert!(lane.push(known(3)));
	voucher(&mut lane, &key);
	lane.resync(&standing(3, Some(first.clone())), signing(&key)).unwrap();
	let second = voucher(&mut lane, &key);
	assert_eq!(
		(second.voucher.base, second.voucher.count, second.voucher.tree),
		(3, 1, tree(3..4))
	);
	lane.resync(&standing(0, Some(first)), signing(&key)).unwrap();
	let third = voucher(&mut lane, &key);
	assert_eq!(
		(third.voucher.base, third.voucher.count, third.voucher.tree),
		(0, 4, tree(0..4))
	);
}

#[test]
fn nothing_else_moves_a_lane() {
	let (key, other) = (key(), sr25519::Pair::from_seed(&[2; 32]));
	let mut lane = a_lane(3);
	let own = voucher(&mut lane, &key);
	assert!(lane.push(known(3)));
	let before = lane.head();
	let foreign = signing(&other).sign(0, 3, tree(0..3));
	let elsewhere = Signing {
		lane: 4,
		..signing(&key)
	}
	.sign(0, 3, tree(0..3));
	let unknown = signing(&key).sign(0, 3, tree(1..4));
	let beyond = signing(&key).sign(0, 5, tree(0..5));
	for (base, voucher) in [
		(3, Some(foreign)),
		(3, Some(elsewhere)),
		(3, Some(unknown)),
		(5, Some(beyond)),
		(2, Some(own.clone())),
		(3, None),
		(0, None),
		(0, Some(own)),
	] {
		assert!(
			lane.resync(&standing(base, voucher.clone()), signing(&key)).is_err(),
			"{base} {voucher:?}"
		);
		assert_eq!(lane.head(), before);
	}
}

#[test]
fn what_is_settled_is_dropped_and_more_than_came_is_an_error() {
	let key = key();
	let mut lane = a_lane(4);
	assert_eq!(lane.observe(2).unwrap(), 0..2);
	assert_eq!(lane.observe(1).unwrap(), 2..2);
	let next = voucher(&mut lane, &key).voucher;
	assert_eq!((next.base, next.count, next.tree), (2, 2, tree(2..4)));
	assert!(lane.observe(5).is_err());
	// Where the chain has settled the lane it may go on without a voucher.
	let mut lane = Lane::restored(
		Head {
			base: 3,
			first: 2,
			voucher: None,
		},
		[known(2), known(3)].into(),
	)
	.unwrap();
	lane.resync(&standing(2, None), signing(&key)).unwrap();
	assert_eq!(lane.base(), 2);
}

#[test]
fn a_journal_that_makes_no_sense_is_an_error() {
	let key = key();
	for (base, voucher) in [(3, None), (0, Some(signing(&key).sign(0, 3, tree(0..3))))] {
		let head = Head {
			first: 0,
			base,
			voucher,
		};
		assert!(Lane::restored(head, [known(0), known(1)].into()).is_err());
	}
}

proptest! {
	/// Whatever an endpoint does that it may, each voucher is for the receipts that came, at their places.
	#[test]
	fn every_voucher_is_for_receipts_that_came(steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>()), 1..60)) {
		let key = key();
		let mut lane = a_lane(0);
		let (mut signed, mut settled) = (vec![], 0);
		for (step, pick) in steps {
			match step {
				0 => prop_assert!(lane.push(known(lane.end()))),
				1 => signed.extend(lane.vouch(signing(&key)).map(|(signed, _)| signed)),
				2 if !signed.is_empty() => {
					let shown: &SignedVoucher = &signed[pick.index(signed.len())];
					let end = shown.voucher.base + u64::from(shown.voucher.count);
					let base = if pick.index(2) == 0 { end } else { shown.voucher.base };
					let _ = lane.resync(&standing(base, Some(shown.clone())), signing(&key));
				}
				3 if !signed.is_empty() => {
					let voucher = &signed[pick.index(signed.len())].voucher;
					// The chain settles only what comes next.
					if voucher.base == settled {
						settled += u64::from(voucher.count);
						prop_assert!(lane.observe(settled).is_ok());
					}
				}
				_ => {}
			}
			prop_assert!(lane.vouched() <= lane.end());
		}
		for SignedVoucher { voucher, .. } in signed {
			let end = voucher.base + u64::from(voucher.count);
			prop_assert!(end <= lane.end());
			prop_assert_eq!(voucher.tree, tree(voucher.base..end));
		}
	}
}

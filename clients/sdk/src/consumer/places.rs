//! Places: one request of a lane at a time. The lowest lane that is free is taken, so that few are in use: each costs the channel the price
//! of a batch.

use super::ConsumerError;
use assay_protocol::channel::LANES;
use parking_lot::Mutex;
use std::{
	collections::BTreeSet,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All lanes of a channel.
pub(super) struct Places {
	free: Mutex<BTreeSet<u8>>,
	permits: Arc<Semaphore>,
	lost: AtomicUsize,
}

/// The next place in a lane. If it is dropped, and not [released](Self::release), the lane is not used any more: nobody knows what is at
/// its place.
pub(super) struct Place {
	pub(super) lane: u8,
	places: Arc<Places>,
	permit: Option<OwnedSemaphorePermit>,
}

impl Places {
	pub(super) fn new() -> Arc<Self> {
		Arc::new(Self {
			free: Mutex::new((0..LANES).collect()),
			permits: Arc::new(Semaphore::new(LANES.into())),
			lost: AtomicUsize::new(0),
		})
	}

	/// The place of a lane, if it is free.
	pub(super) fn of(self: &Arc<Self>, lane: u8) -> Option<Place> {
		let permit = self.permits.clone().try_acquire_owned().ok()?;
		self.free.lock().remove(&lane).then(|| self.place(lane, permit))
	}

	/// Waits for a place, behind those who wait already.
	pub(super) async fn take(self: &Arc<Self>) -> Result<Place, ConsumerError> {
		let permit = self.permits.clone().acquire_owned().await;
		let permit = permit.map_err(|_| ConsumerError::NoLane)?;
		let lane = self.free.lock().pop_first().ok_or(ConsumerError::NoLane)?;
		Ok(self.place(lane, permit))
	}

	fn place(self: &Arc<Self>, lane: u8, permit: OwnedSemaphorePermit) -> Place {
		Place {
			lane,
			places: self.clone(),
			permit: Some(permit),
		}
	}

	/// Lanes in which something is being done.
	pub(super) fn busy(&self) -> usize {
		let (free, lost) = (self.free.lock().len(), self.lost.load(Ordering::SeqCst));
		usize::from(LANES).saturating_sub(free).saturating_sub(lost)
	}
}

impl Place {
	/// The lane is free for the next request.
	pub(super) fn release(mut self) {
		self.places.free.lock().insert(self.lane);
		self.permit = None;
	}
}

impl Drop for Place {
	fn drop(&mut self) {
		let Some(permit) = self.permit.take() else {
			return;
		};
		permit.forget();
		if self.places.lost.fetch_add(1, Ordering::SeqCst) + 1 == usize::from(LANES) {
			self.places.permits.close();
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn a_seventeenth_request_waits_for_a_lane_and_gets_the_first_that_is_free() {
		let places = Places::new();
		let mut all = vec![];
		for lane in 0..LANES {
			let place = places.take().await.unwrap();
			assert_eq!(place.lane, lane);
			all.push(place);
		}
		assert_eq!(places.busy(), 16);
		let waiting = tokio::spawn({
			let places = places.clone();
			async move { places.take().await.unwrap().lane }
		});
		tokio::task::yield_now().await;
		assert!(!waiting.is_finished());
		all.remove(5).release();
		assert_eq!(waiting.await.unwrap(), 5);
	}

	#[tokio::test]
	async fn a_lane_that_is_lost_is_not_used_again_and_without_lanes_nobody_waits() {
		let places = Places::new();
		drop(places.of(3).unwrap());
		assert!(places.of(3).is_none());
		for _ in 0..LANES - 1 {
			let place = places.take().await.unwrap();
			assert_ne!(place.lane, 3);
		}
		assert_eq!(places.busy(), 0);
		assert!(matches!(places.take().await, Err(ConsumerError::NoLane)));
	}
}

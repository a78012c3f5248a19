//! The life of a channel: opened, topped up, closed after a notice or at its worker's wish, and forgotten when nothing in it can be
//! challenged any more.

use crate::{
	types::{AccountIdOf, Lane, TermsOf},
	Agenda, AgendaCursor, Channel, Channels, ChannelsOf, ChannelsOfWorker, Config, Endpoints, Error, Event, Opened,
	Pallet, WeightInfo,
};
use assay_agenda::Costs;
use assay_protocol::{
	channel::{Batches, ChannelKey, Endpoint, Terms, LANES},
	model::Models,
	operator::Operators,
	ChannelId, ModelVersion,
};
use core::marker::PhantomData;
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::Get,
	weights::{Weight, WeightMeter},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{CheckedAdd, One},
	DispatchError, DispatchResult, Saturating,
};

const LOG_TARGET: &str = "runtime::channels";

/// The agenda of channels.
pub(crate) struct Booking<T>(PhantomData<T>);

impl<T: Config> assay_agenda::Agenda for Booking<T> {
	type BlockNumber = BlockNumberFor<T>;
	type Id = ChannelId;
	type Size = T::AgendaSize;
	type Slots = Agenda<T>;
	type Cursor = AgendaCursor<T>;
}

impl<T: Config> Pallet<T> {
	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	/// Opens a channel.
	pub(crate) fn do_open(
		consumer: T::AccountId,
		operator: T::AccountId,
		version: ModelVersion,
		max_price: T::Balance,
		key: ChannelKey,
		deposit: T::Balance,
	) -> DispatchResult {
		ensure!(deposit >= T::MinDeposit::get(), Error::<T>::DepositTooSmall);
		let offer = T::Models::listed_offer(version, &operator).ok_or(Error::<T>::OperatorNotListed)?;
		ensure!(offer.price <= max_price, Error::<T>::OperatorTooDear);
		ensure!(!T::Batches::is_late(&operator), Error::<T>::OperatorLate);
		let worker_key = T::Operators::worker_key(&operator).ok_or(Error::<T>::NoWorkerKey)?;
		let number = Opened::<T>::get();
		Opened::<T>::put(number.checked_add(1).ok_or(Error::<T>::Overflow)?);
		T::Batches::hold(&consumer, deposit)?;
		T::Batches::opened(version);
		let terms: TermsOf<T> = Terms {
			consumer,
			operator,
			version,
			price: offer.price,
			key,
			worker_key,
			number,
		};
		let (id, now) = (terms.id(), Self::now());
		ChannelsOf::<T>::insert(&terms.consumer, id, ());
		ChannelsOfWorker::<T>::insert(&terms.worker_key, id, ());
		Self::deposit_event(Event::ChannelOpened {
			channel: id,
			terms: terms.clone(),
			deposit,
		});
		let lane = Lane {
			settled: 0,
			since: now,
			had_small: false,
		};
		let channel = Channel {
			terms,
			deposit,
			opened_at: now,
			closes_at: None,
			closed_at: None,
			convicted: None,
			lanes: [lane; LANES as usize],
			booked_at: None,
		};
		Channels::<T>::insert(id, channel);
		Ok(())
	}

	/// Puts more into a channel.
	pub(crate) fn do_top_up(consumer: &T::AccountId, id: ChannelId, amount: T::Balance) -> DispatchResult {
		let mut channel = Self::open_channel_of(consumer, id)?;
		ensure!(amount >= T::MinDeposit::get(), Error::<T>::DepositTooSmall);
		T::Batches::hold(consumer, amount)?;
		channel.deposit = channel.deposit.checked_add(&amount).ok_or(Error::<T>::Overflow)?;
		if !Self::is_left_over(&channel.terms) {
			Self::unbook(id, &mut channel);
			channel.closes_at = None;
			// It goes on, and will end once more.
			channel.lanes.iter_mut().for_each(|lane| lane.had_small = false);
		}
		Self::deposit_event(Event::ToppedUp {
			channel: id,
			amount,
			deposit: channel.deposit,
		});
		Channels::<T>::insert(id, channel);
		Ok(())
	}

	/// Begins the notice period of a channel.
	pub(crate) fn do_give_notice(who: &T::AccountId, id: ChannelId) -> DispatchResult {
		let mut channel = Self::open_channel(id)?;
		let may = channel.terms.consumer == *who || Self::is_left_over(&channel.terms);
		ensure!(may, Error::<T>::NotConsumer);
		ensure!(channel.closes_at.is_none(), Error::<T>::NoticeGiven);
		let closes_at = Self::now().saturating_add(T::NoticePeriod::get());
		channel.closes_at = Some(closes_at);
		Self::book(id, &mut channel, closes_at);
		Self::deposit_event(Event::NoticeGiven { channel: id, closes_at });
		Channels::<T>::insert(id, channel);
		Ok(())
	}

	/// Whether the version of a channel is retired, or its operator is none any more: it may go on, but nobody has to wait for its end.
	fn is_left_over(terms: &TermsOf<T>) -> bool {
		let retired = T::Models::terms(terms.version).is_none_or(|version| version.retired);
		retired || T::Operators::worker_key(&terms.operator).is_none()
	}

	/// Says where an operator answers.
	pub(crate) fn do_announce(operator: AccountIdOf<T>, endpoint: Option<Endpoint>) -> DispatchResult {
		match &endpoint {
			Some(endpoint) => {
				ensure!(T::Operators::worker_key(&operator).is_some(), Error::<T>::NotOperator);
				ensure!(endpoint.is_well_formed(), Error::<T>::BadAddress);
				Endpoints::<T>::insert(&operator, endpoint);
			}
			None => Endpoints::<T>::remove(&operator),
		}
		Self::deposit_event(Event::EndpointAnnounced { operator, endpoint });
		Ok(())
	}

	/// Gives the rest of a channel back. What is in it can be challenged for some time. Changes `channel` but does not store it.
	pub(crate) fn close(id: ChannelId, channel: &mut Channel<T>) -> DispatchResult {
		let deposit = core::mem::take(&mut channel.deposit);
		let refunded = T::Batches::give_back(&channel.terms.consumer, deposit)?;
		Self::unbook(id, channel);
		channel.closed_at = Some(Self::now());
		Self::book(id, channel, Self::forgotten_at(channel));
		Self::deposit_event(Event::ChannelClosed { channel: id, refunded });
		Ok(())
	}

	/// First block in which nothing in a closed channel can be challenged any more.
	fn forgotten_at(channel: &Channel<T>) -> BlockNumberFor<T> {
		let closed_at = channel.closed_at.unwrap_or_else(Self::now);
		closed_at
			.saturating_add(T::Answerable::get())
			.saturating_add(One::one())
	}

	/// A channel that is not closed.
	pub(crate) fn open_channel(id: ChannelId) -> Result<Channel<T>, Error<T>> {
		let channel = Channels::<T>::get(id).ok_or(Error::<T>::UnknownChannel)?;
		ensure!(channel.closed_at.is_none(), Error::<T>::Closed);
		Ok(channel)
	}

	/// The same of this consumer.
	fn open_channel_of(consumer: &T::AccountId, id: ChannelId) -> Result<Channel<T>, Error<T>> {
		let channel = Self::open_channel(id)?;
		ensure!(channel.terms.consumer == *consumer, Error::<T>::NotConsumer);
		Ok(channel)
	}

	/// Does what is due for a channel.
	pub(crate) fn do_advance(id: ChannelId) -> DispatchResult {
		let channel = Channels::<T>::get(id).ok_or(Error::<T>::UnknownChannel)?;
		match Self::step(id, channel)? {
			true => Ok(()),
			false => Err(Error::<T>::NothingDue.into()),
		}
	}

	/// Takes the step that is due and says whether there was one.
	fn step(id: ChannelId, mut channel: Channel<T>) -> Result<bool, DispatchError> {
		let now = Self::now();
		if channel.closed_at.is_some() {
			if now < Self::forgotten_at(&channel) {
				return Ok(false);
			}
			Self::unbook(id, &mut channel);
			Channels::<T>::remove(id);
			// Until now the version was needed to judge receipts.
			T::Batches::closed(channel.terms.version);
			ChannelsOf::<T>::remove(&channel.terms.consumer, id);
			ChannelsOfWorker::<T>::remove(&channel.terms.worker_key, id);
			Self::deposit_event(Event::ChannelForgotten { channel: id });
			return Ok(true);
		}
		if channel.closes_at.is_none_or(|closes_at| now < closes_at) {
			return Ok(false);
		}
		Self::close(id, &mut channel)?;
		Channels::<T>::insert(id, channel);
		Ok(true)
	}

	/// Has a channel looked at from `due_at`. Changes `channel` but does not store it.
	fn book(id: ChannelId, channel: &mut Channel<T>, due_at: BlockNumberFor<T>) {
		channel.booked_at = assay_agenda::book::<Booking<T>>(id, due_at, Self::now());
		if channel.booked_at.is_none() {
			log::warn!(target: LOG_TARGET, "agendas after {due_at:?} are full: channel {id} waits for a call of advance");
		}
	}

	/// Takes a channel out of the agenda. Changes `channel` but does not store it.
	fn unbook(id: ChannelId, channel: &mut Channel<T>) {
		if let Some(slot) = channel.booked_at.take() {
			assay_agenda::unbook::<Booking<T>>(id, slot);
		}
	}

	/// What the agenda takes.
	pub(crate) fn agenda_costs() -> Costs {
		Costs {
			base: T::WeightInfo::serve_agenda_base(),
			slot: T::WeightInfo::serve_slot(T::AgendaSize::get()),
			item: Self::step_weight(),
		}
	}

	/// The most that one step takes.
	pub(crate) fn step_weight() -> Weight {
		T::WeightInfo::advance_close().max(T::WeightInfo::advance_forget())
	}

	/// Looks at the channels that are due.
	pub(crate) fn serve_agenda(now: BlockNumberFor<T>, meter: &mut WeightMeter) {
		assay_agenda::serve::<Booking<T>>(now, meter, Self::agenda_costs(), |id| {
			let Some(mut channel) = Channels::<T>::get(id) else {
				return Self::step_weight();
			};
			channel.booked_at = None;
			let taken = with_storage_layer(|| Self::step(id, channel.clone()));
			if !matches!(taken, Ok(true)) {
				log::error!(target: LOG_TARGET, "channel {id} cannot go on: {taken:?}");
				Self::book(id, &mut channel, now.saturating_add(One::one()));
				Channels::<T>::insert(id, channel);
			}
			Self::step_weight()
		});
	}
}

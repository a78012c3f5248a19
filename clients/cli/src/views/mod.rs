//! What commands show of models, jobs, receipts, disputes, audits, accounts, operators, stake, validators and referenda: the JSON documents and,
//! from them, the texts.

mod account;
mod audit;
mod channel;
mod dispute;
mod elements;
mod governance;
mod job;
mod model;
mod moves;
mod operator;
mod places;
mod positions;
mod receipt;
mod stake;
mod validators;

pub(crate) use account::AccountView;
pub(crate) use audit::{AuditView, AuditorView, RatesView};
pub(crate) use channel::ChannelView;
pub(crate) use dispute::{is_struck_down, DisputeView, RecordView};
pub(crate) use elements::{fixed, Elements};
pub(crate) use governance::{ParameterView, ReferendumView, TrackView, VotingView};
pub(crate) use job::{Change, JobView, StateView};
pub(crate) use model::ModelView;
pub(crate) use moves::{EndingView, MoveView};
pub(crate) use operator::{Facts, NodeView, OperatorView};
pub(crate) use places::Places;
pub(crate) use positions::{PositionsView, SumsView};
pub(crate) use receipt::SettlementView;
pub(crate) use stake::{RankView, RulesView, StakeOperatorView};
pub(crate) use validators::{KeysView, SlashView, ValidationView, ValidatorView};

/// The beginning of an address or hash, enough to recognise it.
pub(crate) fn short(text: &impl ToString) -> String {
	let text = text.to_string();
	text.char_indices()
		.nth(8)
		.map_or(text.clone(), |(end, _)| format!("{}…", &text[..end]))
}

/// A number of bytes.
pub(crate) fn bytes(count: u64) -> String {
	indicatif::HumanBytes(count).to_string()
}

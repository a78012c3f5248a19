//! The draw: which cell of a claim, and which step of it, a random number asks for.

use crate::{
	cell::{Cell, Source},
	statement::{Layout, Place, Statement},
	vector::chunk_count,
	Hash32, Step,
};
use alloc::vec::Vec;

/// The cell that a random number chooses: every cell and every head alike. `None` if the trace is empty.
pub fn draw_place(layout: &Layout, random: &Hash32) -> Option<Place> {
	layout.place(below(layout.places(), random, 0)?)
}

/// The cell whose values an auditor has to show: every cell alike, but no head.
pub fn draw_boundary(layout: &Layout, random: &Hash32) -> Option<Place> {
	let cells = u64::from(layout.rows).checked_mul(layout.positions.into())?;
	layout.place(below(cells, random, 0)?)
}

/// The step that a random number chooses of a cell: first one of its rules, each alike, then one of the rule's steps. So
/// work that was skipped is as likely to be asked for in a small operation as in a large one, and whoever skipped a whole
/// operation is caught with the probability of its rule. `None` if there is no such cell.
pub fn draw_step(statement: &Statement<'_>, place: Place, random: &Hash32) -> Option<Step> {
	let cell = Cell::new(statement, place)?;
	let rules = cell.rules();
	let rule = below(rules.len() as u64, random, 0)?;
	let rule = *rules.get(usize::try_from(rule).ok()?)?;
	let step = cell.step(rule, below(cell.steps(rule), random, 1)?)?;
	cell.has(step).then_some(step)
}

/// How many rules a cell has, of which [`draw_step`] chooses one. Zero if there is no such cell.
pub fn rules(statement: &Statement<'_>, place: Place) -> usize {
	Cell::new(statement, place).map_or(0, |cell| cell.rules().len())
}

/// A number below `count` from the first or the second half of a random number. It favours none by more than `count` parts
/// in 2¹²⁸. `None` if `count` is zero.
fn below(count: u64, random: &Hash32, half: usize) -> Option<u64> {
	let bytes = random.0.get(16 * half..16 * half + 16)?.try_into().ok()?;
	let drawn = u128::from_be_bytes(bytes).checked_rem(count.into())?;
	u64::try_from(drawn).ok()
}

/// A family of steps of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
	Element { op: u8 },
	Cache,
	Attend,
	Pool,
	Mean,
	Choice,
	Output,
}

impl Cell<'_> {
	/// The rules that the cell's steps belong to.
	fn rules(&self) -> Vec<Rule> {
		let mut rules: Vec<Rule> = (0..self.ops.len()).map(|op| Rule::Element { op: op as u8 }).collect();
		if self.attention().is_some() {
			rules.extend([Rule::Cache, Rule::Attend]);
		}
		if self.pools() {
			rules.extend([Rule::Pool, Rule::Mean]);
		}
		if self.logits().is_some() {
			rules.push(Rule::Choice);
		}
		if self.output().is_some() {
			rules.push(Rule::Output);
		}
		// A model with a single token never chooses against another.
		rules.retain(|rule| self.steps(*rule) > 0);
		rules
	}

	/// How many steps a rule has.
	fn steps(&self, rule: Rule) -> u64 {
		let shape = self.attention().map(|(_, shape)| shape);
		let groups = u64::from(self.visible_groups());
		match rule {
			Rule::Element { op } => self.width(Source::Vector(op)).into(),
			Rule::Cache => shape.map_or(0, |shape| shape.kv_heads.into()),
			Rule::Attend => shape.map_or(0, |shape| u64::from(shape.heads) * groups),
			Rule::Pool => u64::from(chunk_count(self.width(Source::Residual))) * groups,
			Rule::Mean => self.width(Source::Residual).into(),
			// Every token but the chosen one.
			Rule::Choice => self
				.program()
				.vocabulary()
				.map_or(0, |tokens| tokens.saturating_sub(1).into()),
			Rule::Output => self
				.output()
				.and_then(|register| self.program().width(register))
				.map_or(0, u64::from),
		}
	}

	/// The step of a rule with this index below [`steps`](Self::steps).
	fn step(&self, rule: Rule, index: u64) -> Option<Step> {
		let groups = u64::from(self.visible_groups()).max(1);
		let whole = u32::try_from(index).ok()?;
		let (quotient, group) = (index / groups, u32::try_from(index % groups).ok()?);
		Some(match rule {
			Rule::Element { op } => Step::Element { op, index: whole },
			Rule::Cache => Step::Cache {
				head: u16::try_from(whole).ok()?,
			},
			Rule::Attend => Step::Attend {
				head: u16::try_from(quotient).ok()?,
				group,
			},
			Rule::Pool => Step::Pool {
				chunk: u32::try_from(quotient).ok()?,
				group,
			},
			Rule::Mean => Step::Mean { index: whole },
			Rule::Choice => {
				let chosen = self.statement.chosen(self.site().position)?;
				Step::Choice {
					rival: if whole < chosen { whole } else { whole.checked_add(1)? },
				}
			}
			Rule::Output => Step::Output { index: whole },
		})
	}
}

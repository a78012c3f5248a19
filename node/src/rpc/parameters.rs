//! What methods take. Parameters are checked against their names and types before the method sees them, so that an error
//! says which one is wrong, what it was and what it must be.

use super::{
	block::AT,
	error::{About, Error},
};
use assay_runtime::Hash;
use futures::FutureExt;
use jsonrpsee::{
	core::RegisterMethodError,
	types::{ErrorObjectOwned, Id, Params},
	Extensions, MethodCallback, MethodResponse, MethodSink, Methods, SubscriptionState,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{future, sync::Arc};

/// Characters of a wrong value that its error repeats.
const SHOWN: usize = 80;

/// A parameter: its name, whether a value is one, and if it is a number, the largest it may be.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
	name: &'static str,
	read: fn(&Value) -> Result<(), serde_json::Error>,
	limit: fn() -> Option<u64>,
}

impl Parameter {
	/// A parameter of type `T`; one that may be absent has an optional type.
	pub(super) const fn new<T: DeserializeOwned>(name: &'static str) -> Self {
		Self {
			name,
			read: read::<T>,
			limit: limit::<T>,
		}
	}
}

/// The block to read at, which every method takes last.
pub(super) const BLOCK: Parameter = Parameter::new::<Option<Hash>>(AT);

fn read<T: DeserializeOwned>(value: &Value) -> Result<(), serde_json::Error> {
	T::deserialize(value).map(|_| ())
}

/// A method's name and its parameters, in order.
pub(super) type Taken = (&'static str, &'static [Parameter]);

/// The same methods, whose parameters are checked. A method that `taken` does not describe is an error.
pub(super) fn checked(methods: impl Into<Methods>, taken: &[Taken]) -> Result<Methods, RegisterMethodError> {
	let methods = methods.into();
	let mut all = Methods::new();
	let names: Vec<_> = methods.method_names().collect();
	for name in names {
		let described = taken.iter().find(|(described, _)| *described == name);
		let described = described.map(|(_, parameters)| *parameters);
		let callback = match (methods.method(name).cloned(), described) {
			(Some(MethodCallback::Sync(inner)), Some(parameters)) => MethodCallback::Sync(Arc::new(
				move |id: Id<'_>, given: Params<'_>, size, extensions: Extensions| match check(name, parameters, &given)
				{
					Ok(()) => inner(id, given, size, extensions),
					Err(error) => MethodResponse::error(id, error).with_extensions(extensions),
				},
			)),
			(Some(MethodCallback::Async(inner)), Some(parameters)) => MethodCallback::Async(Arc::new(
				move |id: Id<'static>, given: Params<'static>, connection, size, extensions: Extensions| match check(
					name, parameters, &given,
				) {
					Ok(()) => inner(id, given, connection, size, extensions),
					Err(error) => future::ready(MethodResponse::error(id, error).with_extensions(extensions)).boxed(),
				},
			)),
			(Some(MethodCallback::Subscription(inner)), Some(parameters)) => MethodCallback::Subscription(Arc::new(
				move |id: Id<'_>,
				      given: Params<'_>,
				      sink: MethodSink,
				      state: SubscriptionState<'_>,
				      extensions: Extensions| {
					match check(name, parameters, &given) {
						Ok(()) => inner(id, given, sink, state, extensions),
						Err(error) => {
							future::ready(MethodResponse::error(id, error).with_extensions(extensions)).boxed()
						}
					}
				},
			)),
			// They take the subscription's identifier and check it themselves.
			(Some(callback @ MethodCallback::Unsubscription(_)), None) => callback,
			_ => return Err(RegisterMethodError::MethodNotFound(name.into())),
		};
		all.verify_and_insert(name, callback)?;
	}
	Ok(all)
}

/// Whether a method can be called with what it is given.
fn check(method: &str, parameters: &[Parameter], given: &Params<'_>) -> Result<(), ErrorObjectOwned> {
	let given = match given.as_str().filter(|text| !text.is_empty()) {
		Some(text) => serde_json::from_str(text).map_err(|error| Error::Parameter.because(error))?,
		None => Value::Null,
	};
	let names: Vec<_> = parameters.iter().map(|parameter| parameter.name).collect();
	let names = names.join(", ");
	match &given {
		Value::Array(values) if values.len() > parameters.len() => {
			return Err(Error::Parameter.because(format!(
				"{method} takes at most {} parameters ({names}), {} are given",
				parameters.len(),
				values.len()
			)));
		}
		Value::Object(values) => {
			let unknown = |key: &&String| parameters.iter().all(|parameter| parameter.name != key.as_str());
			if let Some(unknown) = values.keys().find(unknown) {
				return Err(
					Error::Parameter.because(format!("{method} takes no parameter `{unknown}`: it takes {names}"))
				);
			}
		}
		Value::Array(_) | Value::Null => {}
		_ => return Err(Error::Parameter.because("parameters are a list, or an object with their names")),
	}
	for (index, parameter) in parameters.iter().enumerate() {
		let value = match &given {
			Value::Array(values) => values.get(index),
			given => given.get(parameter.name),
		};
		let Err(error) = (parameter.read)(value.unwrap_or(&Value::Null)) else {
			continue;
		};
		let (name, limit) = (parameter.name, (parameter.limit)());
		// In words that do not depend on how it is stored.
		let expected = match limit {
			Some(limit) => format!("expected a whole number from 0 to {limit}"),
			None => error.to_string(),
		};
		let reason = match value {
			None => format!("{method}: parameter `{name}` is missing: it takes {names}"),
			Some(value) => format!("{method}: parameter `{name}` is {}: {expected}", shown(value)),
		};
		let about = About {
			parameter: name,
			value: value.cloned().unwrap_or_default(),
			limit,
		};
		return Err(Error::Parameter.about(reason, about));
	}
	Ok(())
}

/// A value as JSON, cut if it is long.
fn shown(value: &Value) -> String {
	let text = value.to_string();
	match text.char_indices().nth(SHOWN) {
		Some((end, _)) => format!("{}…", &text[..end]),
		None => text,
	}
}

/// The largest values of the types of numbers.
const LARGEST: [u64; 4] = [u64::MAX, u32::MAX as u64, u16::MAX as u64, u8::MAX as u64];

/// The largest number that is a `T`; none if no number is.
fn limit<T: DeserializeOwned>() -> Option<u64> {
	LARGEST
		.into_iter()
		.find(|largest| read::<T>(&Value::from(*largest)).is_ok())
}

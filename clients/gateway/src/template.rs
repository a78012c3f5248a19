//! Conversations as text, by the chat template of the model or by a plain one.
//!
//! Without a template, a conversation is a line `ROLE: CONTENT` for each message and `assistant:` at the end, so that the model
//! goes on after it.

use crate::request::chat::Message;
use anyhow::{Context, Result};
use assay_library::Library;
use assay_protocol::model::VersionSummary;
use minijinja::{
	context,
	syntax::SyntaxConfig,
	value::{Serde, Value as Jinja},
	Environment, Error, ErrorKind,
};
use serde_json::Value;

/// Steps that rendering may take: templates are written by whoever published the model.
const FUEL: u64 = 200_000;
/// Files of a model with a chat template.
const TEMPLATE: &str = "chat_template.jinja";
const CONFIG: &str = "tokenizer_config.json";

/// How a conversation becomes a text.
#[derive(Clone, Default)]
pub struct Template {
	/// The model's own, ready to be rendered, and the tokens it may name.
	own: Option<(Environment<'static>, Tokens)>,
}

#[derive(Clone, Default)]
struct Tokens {
	begin: Option<String>,
	end: Option<String>,
}

impl Template {
	/// The template of a version, from its artifact; the plain one if it has none.
	pub(crate) fn of(library: &Library, version: &VersionSummary) -> Result<Self> {
		let Some(artifact) = library.find(version.artifact)? else {
			return Ok(Self::default());
		};
		let config = artifact.file(CONFIG).map(serde_json::from_slice::<Value>).transpose();
		let config = config.context(CONFIG)?.unwrap_or_default();
		let own = match artifact.file(TEMPLATE) {
			Some(text) => Some(String::from_utf8(text.to_vec()).context(TEMPLATE)?),
			None => template(&config["chat_template"]).map(str::to_owned),
		};
		let tokens = Tokens {
			begin: token(&config["bos_token"]),
			end: token(&config["eos_token"]),
		};
		own.map_or(Ok(Self::default()), |text| Self::new(text, tokens))
	}

	fn new(text: String, tokens: Tokens) -> Result<Self> {
		let mut environment = Environment::new();
		environment.set_fuel(Some(FUEL));
		// As transformers renders them.
		let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
		environment.set_syntax(syntax.context("the syntax of chat templates")?);
		environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
		environment.add_function("raise_exception", |words: String| -> Result<Jinja, Error> {
			Err(Error::new(ErrorKind::InvalidOperation, words))
		});
		environment
			.add_template_owned(TEMPLATE, text)
			.context("the chat template")?;
		Ok(Self {
			own: Some((environment, tokens)),
		})
	}

	/// A conversation as the text that the model goes on with.
	pub(crate) fn render(&self, messages: &[Message]) -> Result<String> {
		let Some((environment, Tokens { begin, end })) = &self.own else {
			let line = |message: &Message| format!("{}: {}\n", message.role, message.content);
			let lines: String = messages.iter().map(line).collect();
			return Ok(format!("{lines}assistant:"));
		};
		let template = environment.get_template(TEMPLATE)?;
		let known = context! {
			messages => Serde(messages), add_generation_prompt => true, bos_token => begin.as_deref(), eos_token => end.as_deref()
		};
		Ok(template.render(known)?)
	}
}

/// The template of a configuration: one, or one of several by its name.
fn template(value: &Value) -> Option<&str> {
	let named = || {
		let default = value.as_array()?.iter().find(|named| named["name"] == "default")?;
		default["template"].as_str()
	};
	value.as_str().or_else(named)
}

/// A special token: its text, or an object with it.
fn token(value: &Value) -> Option<String> {
	value.as_str().or_else(|| value["content"].as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	fn said() -> Vec<Message> {
		[("system", "Be brief."), ("user", " Hello ")]
			.map(|(role, content)| Message {
				role: role.into(),
				content: content.into(),
			})
			.into()
	}

	fn own(text: &str) -> Template {
		let tokens = Tokens {
			begin: Some("<s>".into()),
			end: None,
		};
		Template::new(text.into(), tokens).unwrap()
	}

	#[test]
	fn without_a_template_there_is_a_line_for_each_message() {
		let text = Template::default().render(&said()).unwrap();
		assert_eq!(text, "system: Be brief.\nuser:  Hello \nassistant:");
	}

	#[test]
	fn a_template_is_rendered_as_transformers_does() {
		let text = "{{ bos_token }}{% for message in messages %}\n  {% if message['role'] != 'system' %}\n[{{ message['role'] }}] \
			{{ message['content'].strip() }}\n  {% endif %}\n{% endfor %}\n{% if add_generation_prompt %}[assistant]{% endif %}";
		assert_eq!(own(text).render(&said()).unwrap(), "<s>[user] Hello\n[assistant]");
	}

	#[test]
	fn a_template_can_refuse_and_cannot_run_for_ever() {
		let error = own("{{ raise_exception('no system') }}").render(&said()).unwrap_err();
		assert!(format!("{error:#}").contains("no system"), "{error:#}");
		let endless = "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
		assert!(own(endless).render(&said()).is_err());
	}

	#[test]
	fn one_of_several_templates_is_the_default() {
		assert_eq!(template(&json!("a")), Some("a"));
		assert_eq!(template(&json!([{ "name": "default", "template": "b" }])), Some("b"));
		assert_eq!(template(&Value::Null), None);
		assert_eq!(token(&json!({ "content": "<s>" })).as_deref(), Some("<s>"));
	}
}

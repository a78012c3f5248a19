//! `assay-node key`: the commands of `sc-cli`, with the checks that those for secrets lack.
//!
//! A derivation path without a phrase stands for a key that everybody knows, so `sc-cli` takes a mistyped `/etc/worker.key`
//! for a secret. It takes a whole file for one, quotes it in its error, and puts a key of any scheme under any type, where
//! nobody finds it. A secret is never printed here.

use assay_protocol::operator::WORKER_KEY_TYPE;
use clap::{ArgMatches, Command, FromArgMatches, Subcommand};
use sc_cli::{
	utils::{print_from_public, print_from_uri, read_uri},
	with_crypto_scheme, CryptoScheme, Error, InsertKeyCmd, InspectKeyCmd, KeySubcommand, Result, SubstrateCli,
};
use sc_keystore::LocalKeystore;
use sc_service::{config::KeystoreConfig, BasePath};
use sp_core::{
	crypto::{key_types, ExposeSecret, KeyTypeId, SecretString, SecretStringError, Ss58Codec},
	Pair,
};
use sp_keystore::Keystore;
use std::{fs, path::Path};

/// Work with keys.
#[derive(Debug)]
pub(crate) enum KeyCommand {
	/// Print the public key and the address of a secret.
	Inspect {
		/// As `sc-cli` reads them, which keeps the secret to itself.
		arguments: Box<InspectKeyCmd>,
		/// The secret, or a file.
		given: Option<String>,
		/// Whether it is a public key instead.
		public: bool,
	},
	/// Put a key into a keystore.
	Insert {
		/// As `sc-cli` reads them.
		arguments: Box<InsertKeyCmd>,
		/// The secret, or a file.
		given: Option<String>,
		/// What the key is for.
		key_type: String,
	},
	/// What needs no more checks than `sc-cli` has.
	Other(Box<KeySubcommand>),
}

impl FromArgMatches for KeyCommand {
	fn from_arg_matches(matches: &ArgMatches) -> clap::error::Result<Self> {
		let text = |name: &str| {
			let (_, arguments) = matches.subcommand()?;
			arguments.get_one::<String>(name).cloned()
		};
		Ok(match KeySubcommand::from_arg_matches(matches)? {
			KeySubcommand::Inspect(arguments) => Self::Inspect {
				arguments: Box::new(arguments),
				given: text("uri"),
				public: matches
					.subcommand()
					.is_some_and(|(_, arguments)| arguments.get_flag("public")),
			},
			KeySubcommand::Insert(arguments) => Self::Insert {
				arguments: Box::new(arguments),
				given: text("suri"),
				key_type: text("key_type").unwrap_or_default(),
			},
			other => Self::Other(Box::new(other)),
		})
	}

	fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> clap::error::Result<()> {
		*self = Self::from_arg_matches(matches)?;
		Ok(())
	}
}

impl Subcommand for KeyCommand {
	fn augment_subcommands(command: Command) -> Command {
		KeySubcommand::augment_subcommands(command)
	}

	fn augment_subcommands_for_update(command: Command) -> Command {
		KeySubcommand::augment_subcommands_for_update(command)
	}

	fn has_subcommand(name: &str) -> bool {
		KeySubcommand::has_subcommand(name)
	}
}

impl KeyCommand {
	/// Does it.
	pub(crate) fn run<C: SubstrateCli>(&self, cli: &C) -> Result<()> {
		match self {
			Self::Inspect {
				arguments,
				given,
				public,
			} => inspect(arguments, given.as_deref(), *public),
			Self::Insert {
				arguments,
				given,
				key_type,
			} => insert(cli, arguments, given.as_deref(), key_type),
			Self::Other(command) => command.run(cli),
		}
	}
}

/// The types of keys that a node of this chain looks for, and their schemes.
const KEY_TYPES: [(KeyTypeId, CryptoScheme); 4] = [
	(WORKER_KEY_TYPE, CryptoScheme::Sr25519),
	(key_types::BABE, CryptoScheme::Sr25519),
	(key_types::GRANDPA, CryptoScheme::Ed25519),
	(key_types::AUTHORITY_DISCOVERY, CryptoScheme::Sr25519),
];

fn insert<C: SubstrateCli>(cli: &C, arguments: &InsertKeyCmd, given: Option<&str>, kind: &str) -> Result<()> {
	let InsertKeyCmd {
		shared_params,
		keystore_params,
		scheme,
		..
	} = arguments;
	let known = KEY_TYPES.into_iter().find(|(known, _)| known.0 == kind.as_bytes());
	let Some((key_type, wanted)) = known else {
		return Err(
			format!("--key-type {kind}: a node of this chain looks for keys of type assa, babe and gran only").into(),
		);
	};
	let name = |scheme: CryptoScheme| format!("{scheme:?}").to_lowercase();
	if wanted != *scheme {
		let (wanted, other) = (name(wanted), name(*scheme));
		return Err(
			format!("--scheme {other}: keys of type {kind} are {wanted}, and the node would not find another").into(),
		);
	}

	let base_path = shared_params
		.base_path()?
		.unwrap_or_else(|| BasePath::from_project("", "", &C::executable_name()));
	let chain = cli.load_spec(&shared_params.chain_id(shared_params.is_dev()))?;
	let KeystoreConfig::Path { path, password } = keystore_params.keystore_config(&base_path.config_dir(chain.id()))?
	else {
		return Err("the keystore has no path".into());
	};
	let secret = Secret::given(given)?;
	let (public, address) = with_crypto_scheme!(*scheme, public_of(&secret, password.as_ref()))?;
	let keystore = LocalKeystore::open(&path, password)?;
	keystore
		.insert(key_type, &secret.text, &public)
		.map_err(|()| format!("the keystore {} cannot be written", path.display()))?;

	let digits: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
	println!(
		"{} key {address} (0x{digits}) of type {kind} is in {}",
		name(*scheme),
		path.display()
	);
	if key_type == WORKER_KEY_TYPE {
		println!(
			"A node that runs there with its worker on finds it within seconds, without a restart. For which operator it is \
			 registered its log says, and `assay operator node`."
		);
	}
	secret.tell_of_more();
	Ok(())
}

fn inspect(arguments: &InspectKeyCmd, given: Option<&str>, public: bool) -> Result<()> {
	let InspectKeyCmd {
		keystore_params,
		network_scheme,
		output_scheme,
		crypto_scheme,
		expect_public,
		..
	} = arguments;
	let secret = Secret::given(given)?;
	let (network, output, scheme) = (network_scheme.network, output_scheme.output_type, crypto_scheme.scheme);
	if public {
		return with_crypto_scheme!(scheme, print_from_public(&secret.text, network, output));
	}
	let password = keystore_params.read_password()?;
	// An address will do too.
	if !with_crypto_scheme!(scheme, is_address(&secret.text)) {
		with_crypto_scheme!(scheme, public_of(&secret, password.as_ref()))?;
	}
	secret.tell_of_more();
	if expect_public.is_some() {
		// It reads the whole file, and would quote what it cannot use.
		if secret.more_lines > 0 {
			return Err("with --expect-public the file must have no second line".into());
		}
		return arguments.run();
	}
	with_crypto_scheme!(scheme, print_from_uri(&secret.text, password, network, output));
	Ok(())
}

fn is_address<P: Pair>(text: &str) -> bool {
	// `from_string` would also take a path alone, from an address that everybody knows.
	P::Public::from_ss58check_with_version(text).is_ok()
}

/// A secret, or an address, and where it came from.
struct Secret {
	text: String,
	/// The file it is the first line of.
	file: Option<String>,
	/// Lines after the first that are not empty.
	more_lines: usize,
}

impl Secret {
	/// What an argument names: a file, or the secret itself. Asked for if there is no argument.
	fn given(argument: Option<&str>) -> Result<Self> {
		let itself = |text: &str| Self {
			text: text.trim().to_owned(),
			file: None,
			more_lines: 0,
		};
		let Some(argument) = argument else {
			return Ok(itself(&read_uri(None)?));
		};
		let path = Path::new(argument);
		if !path.is_file() {
			return Ok(itself(argument));
		}
		let text = fs::read_to_string(path).map_err(|error| format!("{argument}: {error}"))?;
		let mut lines = text.lines().map(str::trim);
		let first = lines.next().unwrap_or_default();
		if first.is_empty() {
			return Err(format!("the first line of {argument}, where the secret belongs, is empty").into());
		}
		if first.starts_with('{') {
			return Err(format!("{argument} holds JSON: put only its secretPhrase into a file").into());
		}
		Ok(Self {
			text: first.to_owned(),
			file: Some(argument.to_owned()),
			more_lines: lines.filter(|line| !line.is_empty()).count(),
		})
	}

	/// What to call it in an error.
	fn name(&self) -> String {
		match &self.file {
			Some(file) => format!("the first line of {file}"),
			None => "what was given, which is the name of no file,".into(),
		}
	}

	/// Says that not the whole file was read.
	fn tell_of_more(&self) {
		if let (Some(file), true) = (&self.file, self.more_lines > 0) {
			eprintln!(
				"Only the first line of {file} was read, as `assay` does; it has {} more.",
				self.more_lines
			);
		}
	}
}

/// The public key that a secret makes, and its address.
fn public_of<P: Pair>(secret: &Secret, password: Option<&SecretString>) -> Result<(Vec<u8>, String)>
where
	P::Public: Ss58Codec,
{
	let unusable = |why: &str| Error::Input(format!("{} is no secret: {why}", secret.name()));
	// `/name` alone is a path from a phrase that everybody knows, and more likely the name of a file that is not there.
	if secret.text.starts_with('/') && !secret.text.starts_with("//") {
		return Err(unusable(
			"it begins with a single slash, as a path does; is there such a file?",
		));
	}
	let password = password.map(|password| password.expose_secret().as_str());
	let pair = P::from_string(&secret.text, password).map_err(|error| {
		unusable(match error {
			SecretStringError::InvalidFormat(_) => "it is not written as a phrase, a seed or a name like //Alice",
			SecretStringError::InvalidPhrase => "it has a word that phrases do not have, or one too many or too few",
			SecretStringError::InvalidPassword => "its password is wrong",
			SecretStringError::InvalidSeed | SecretStringError::InvalidSeedLength => {
				"a seed is 0x and 64 hexadecimal digits"
			}
			SecretStringError::InvalidPath => "this scheme has no such derivation",
		})
	})?;
	let public = pair.public();
	Ok((public.as_ref().to_vec(), public.to_ss58check()))
}

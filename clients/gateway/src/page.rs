//! The page: a folder of static files that is served beside the interface, so that browsers find both at one address.

use anyhow::{ensure, Context, Result};
use axum::{
	body::Bytes,
	http::{header, HeaderMap, HeaderValue, Method},
	response::{IntoResponse, Response},
};
use std::{collections::BTreeMap, ffi::OsStr, fs, path::Path, sync::Arc};

/// What is served at `/`.
const INDEX: &str = "index.html";
/// The ending of a file's compressed form, which lies beside it.
const PACKED: &str = ".gz";
/// Files in here are named after what is in them, so they never change.
const LASTING: &str = "assets/";
/// Bytes of all files at most: they are kept in memory.
const MAX_BYTES: usize = 64 << 20;

/// What the page may do: run its own scripts, and talk to whatever node and gateway its reader names. Nothing of others is
/// shown, run or framed, and browsers that know trusted types make no markup of text.
const POLICY: &str =
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
	font-src 'self'; connect-src 'self' ws: wss: http: https:; worker-src 'self'; base-uri 'none'; form-action 'none'; \
	require-trusted-types-for 'script'; trusted-types svelte-trusted-html; frame-ancestors 'none'";

/// The kinds of files that a page is made of.
const KINDS: [(&str, &str); 8] = [
	("css", "text/css; charset=utf-8"),
	("html", "text/html; charset=utf-8"),
	("js", "text/javascript; charset=utf-8"),
	("json", "application/json"),
	("png", "image/png"),
	("svg", "image/svg+xml"),
	("wasm", "application/wasm"),
	("woff2", "font/woff2"),
];

/// A page, read into memory when the gateway starts: no request reaches the disk.
#[derive(Clone, Debug)]
pub struct Page {
	files: Arc<BTreeMap<String, File>>,
}

#[derive(Debug)]
struct File {
	kind: &'static str,
	plain: Bytes,
	packed: Option<Bytes>,
}

impl Page {
	/// Reads the folder that `scripts/page` prints.
	pub fn read(folder: &Path) -> Result<Self> {
		let mut found = BTreeMap::new();
		collect(folder, "", &mut found)?;
		let bytes: usize = found.values().map(Bytes::len).sum();
		ensure!(
			bytes <= MAX_BYTES,
			"the page in {} has {bytes} bytes, at most {MAX_BYTES} are served",
			folder.display()
		);
		let mut files = BTreeMap::new();
		for (name, plain) in found.iter().filter(|(name, _)| !name.ends_with(PACKED)) {
			let ending = Path::new(name).extension().and_then(OsStr::to_str);
			let kind = KINDS.into_iter().find(|(known, _)| ending == Some(known));
			let (_, kind) = kind.with_context(|| format!("{name} is no kind of file that a page has"))?;
			let packed = found.get(&format!("{name}{PACKED}")).cloned();
			let plain = plain.clone();
			files.insert(name.clone(), File { kind, plain, packed });
		}
		ensure!(
			files.contains_key(INDEX),
			"there is no page in {}: it has no {INDEX}",
			folder.display()
		);
		Ok(Self { files: Arc::new(files) })
	}

	/// The file at a path, if there is one.
	pub(crate) fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
		if method != Method::GET && method != Method::HEAD {
			return None;
		}
		let name = match path.strip_prefix('/')? {
			"" => INDEX,
			name => name,
		};
		let file = self.files.get(name)?;
		let packed = file.packed.as_ref().filter(|_| takes_gzip(headers));
		let lasting = match name.starts_with(LASTING) {
			true => "public, max-age=31536000, immutable",
			false => "no-cache",
		};
		let mut response = packed.unwrap_or(&file.plain).clone().into_response();
		let told = response.headers_mut();
		for (name, value) in [
			(header::CONTENT_TYPE, file.kind),
			(header::CACHE_CONTROL, lasting),
			(header::VARY, "accept-encoding"),
			(header::CONTENT_SECURITY_POLICY, POLICY),
			(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
			(header::REFERRER_POLICY, "no-referrer"),
		] {
			told.insert(name, HeaderValue::from_static(value));
		}
		if packed.is_some() {
			told.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
		}
		Some(response)
	}
}

/// Whether a client says that it unpacks gzip.
fn takes_gzip(headers: &HeaderMap) -> bool {
	let taken = headers
		.get(header::ACCEPT_ENCODING)
		.and_then(|taken| taken.to_str().ok());
	taken.is_some_and(|taken| {
		taken
			.split(',')
			.any(|coding| coding.trim().eq_ignore_ascii_case("gzip"))
	})
}

/// The files in a folder by their names in it, with slashes between. What a link leads to is not followed out of it.
fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, Bytes>) -> Result<()> {
	for entry in fs::read_dir(folder).with_context(|| format!("the page in {}", folder.display()))? {
		let entry = entry?;
		let name = entry.file_name();
		let name = name
			.to_str()
			.with_context(|| format!("{prefix}{} has a strange name", name.display()))?;
		let name = format!("{prefix}{name}");
		let kind = entry.file_type()?;
		if kind.is_dir() {
			collect(&entry.path(), &format!("{name}/"), found)?;
		} else if kind.is_file() {
			let content = fs::read(entry.path()).with_context(|| entry.path().display().to_string())?;
			found.insert(name, content.into());
		}
	}
	Ok(())
}

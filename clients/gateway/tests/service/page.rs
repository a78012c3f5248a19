//! The page beside the interface.

use crate::support::{Answer, Bench};
use assay_gateway::Page;
use axum::{
	body::Body,
	http::{header, Method, Request, StatusCode},
};
use std::fs;
use tempfile::TempDir;

const INDEX: &str = "<!doctype html>";

/// A folder with a page in it.
fn folder() -> TempDir {
	let folder = tempfile::tempdir().unwrap();
	fs::create_dir(folder.path().join("assets")).unwrap();
	for (name, content) in [
		("index.html", INDEX),
		("assets/page-1.js", "let page = 1;"),
		("assets/page-1.js.gz", "let page = 1; in short"),
	] {
		fs::write(folder.path().join(name), content).unwrap();
	}
	folder
}

async fn ask(bench: &Bench, method: Method, path: &str, coding: &str) -> Answer {
	let request = Request::builder().method(method).uri(path);
	let request = request.header(header::ACCEPT_ENCODING, coding);
	bench.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_page_is_served_to_whoever_asks_for_it() {
	let folder = folder();
	let bench = Bench::with_page(Page::read(folder.path()).unwrap());
	for path in ["/", "/index.html"] {
		let index = ask(&bench, Method::GET, path, "").await;
		assert_eq!((index.status, index.text.as_str()), (StatusCode::OK, INDEX));
		assert_eq!(index.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
		assert_eq!(index.headers[header::CACHE_CONTROL], "no-cache");
		let policy = index.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
		assert!(
			policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe-inline"),
			"{policy}"
		);
	}
	let script = ask(&bench, Method::GET, "/assets/page-1.js", "br").await;
	assert_eq!(script.text, "let page = 1;");
	assert!(!script.headers.contains_key(header::CONTENT_ENCODING));
	assert!(script.headers[header::CACHE_CONTROL]
		.to_str()
		.unwrap()
		.ends_with("immutable"));
	let packed = ask(&bench, Method::GET, "/assets/page-1.js", "br, gzip").await;
	assert_eq!(packed.text, "let page = 1; in short");
	assert_eq!(packed.headers[header::CONTENT_ENCODING], "gzip");
	assert_eq!(packed.headers[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
}

#[tokio::test]
async fn nothing_but_the_page_is_served_and_the_interface_stays() {
	let folder = folder();
	let bench = Bench::with_page(Page::read(folder.path()).unwrap());
	for path in [
		"/../Cargo.toml",
		"/assets",
		"/assets/",
		"/assets/page-1.js.gz",
		"//index.html",
		"/v1",
	] {
		assert_eq!(
			ask(&bench, Method::GET, path, "").await.status,
			StatusCode::NOT_FOUND,
			"{path}"
		);
	}
	assert_eq!(ask(&bench, Method::POST, "/", "").await.status, StatusCode::NOT_FOUND);
	assert_eq!(
		ask(&bench, Method::GET, "/v1/models", "").await.status,
		StatusCode::UNAUTHORIZED
	);
	assert_eq!(bench.get("/v1/models").await.status, StatusCode::OK);
	assert_eq!(
		ask(&Bench::new(0), Method::GET, "/", "").await.status,
		StatusCode::NOT_FOUND
	);
}

#[test]
fn a_folder_that_is_no_page_is_refused() {
	let folder = folder();
	let refusal = || Page::read(folder.path()).unwrap_err().to_string();
	fs::write(folder.path().join("key.pem"), "").unwrap();
	assert!(refusal().contains("key.pem"), "{}", refusal());
	fs::remove_file(folder.path().join("key.pem")).unwrap();
	fs::remove_file(folder.path().join("index.html")).unwrap();
	assert!(refusal().contains("no index.html"), "{}", refusal());
	assert!(Page::read(&folder.path().join("nowhere")).is_err());
}

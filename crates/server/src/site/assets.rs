//! `/assets/*`: the files that pages refer to, compressed once and kept by browsers for ever.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::Router;
use axum::extract::OriginalUri;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

use ticketing_web::{Asset, icon_path};

use crate::http::problem::Problem;
use crate::state::App;

/// Their paths change with their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The path of this one does not.
const FOR_A_DAY: &str = "public, max-age=86400";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/assets/{name}", get(asset)).route("/favicon.ico", get(icon))
}

async fn asset(OriginalUri(uri): OriginalUri, headers: HeaderMap) -> Result<Response, Problem> {
    send(uri.path(), &headers, FOR_EVER)
}

async fn icon(headers: HeaderMap) -> Result<Response, Problem> {
    send(icon_path(), &headers, FOR_A_DAY)
}

fn send(path: &str, headers: &HeaderMap, lasts: &'static str) -> Result<Response, Problem> {
    let asset = ticketing_web::asset(path);
    let asset = asset.ok_or_else(|| Problem::not_found("route_not_found", "there is nothing at this path"))?;
    let fixed = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, lasts), (VARY, "accept-encoding")];
    if !takes_gzip(headers) {
        return Ok((fixed, asset.bytes).into_response());
    }
    Ok((fixed, [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))], compressed(&asset)).into_response())
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut offers =
        accepted.flat_map(|value| value.split(',')).map(|offer| offer.split_once(';').unwrap_or((offer, "")));
    offers.any(|(coding, quality)| {
        let refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        coding.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

static COMPRESSED: LazyLock<Mutex<HashMap<&str, Bytes>>> = LazyLock::new(Mutex::default);

/// Compresses an asset when it is first asked for.
fn compressed(asset: &Asset) -> Bytes {
    let mut known = COMPRESSED.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(asset.path).or_insert_with(|| gzip(asset.bytes)).clone()
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes every byte");
    encoder.finish().expect("a vector takes every byte").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_only_to_those_who_take_it() {
        let takes = |value: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };

        assert!(takes("gzip, deflate, br"));
        assert!(takes("br;q=1.0, GZIP;q=0.8"));
        assert!(!takes("gzip;q=0"));
        assert!(!takes("br, x-gzip"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}

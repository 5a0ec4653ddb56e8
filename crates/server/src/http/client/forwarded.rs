//! The elements of `X-Forwarded-*`, read by bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderValue;

/// The elements of a line, last first.
pub(super) fn elements_from_last(line: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    line.as_bytes().rsplit(|byte| *byte == b',').map(bare)
}

/// The first element of a line: what the outermost proxy said.
pub(super) fn first_element(line: &HeaderValue) -> &[u8] {
    line.as_bytes().split(|byte| *byte == b',').next().map(bare).unwrap_or_default()
}

/// An element without the blanks and quotes around it.
fn bare(element: &[u8]) -> &[u8] {
    let element = element.trim_ascii();
    let unquoted = element.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    unquoted.map_or(element, <[u8]>::trim_ascii)
}

/// `203.0.113.9`, `203.0.113.9:80`, `2001:db8::7`, `[2001:db8::7]`, `[2001:db8::7]:80`; IPv6 with a zone or without.
pub(super) fn address(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return v6(address).filter(|_| is_whole).map(IpAddr::V6);
    }
    match text.split_once(':') {
        None => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some((address, port)) if !port.contains(':') => {
            address.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
        }
        // Without brackets a port cannot be distinguished from the end of an address.
        Some(_) => v6(text).map(IpAddr::V6),
    }
}

fn v6(text: &str) -> Option<Ipv6Addr> {
    // A zone names an interface of the machine that wrote it, and says nothing here.
    text.split_once('%').map_or(text, |(address, _)| address).parse().ok()
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

//! Writes requests into a buffer that is used again and again.

use std::fmt::Arguments;
use std::io::Write;

/// Who asks whom.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// What goes into `Host`.
    pub host: &'a str,
    /// An access token, if somebody is signed in.
    pub token: Option<&'a str>,
}

/// Asks to see something.
pub fn get(buffer: &mut Vec<u8>, envelope: Envelope<'_>, path: &str) {
    buffer.clear();
    write(buffer, format_args!("GET {path} HTTP/1.1\r\n"));
    address(buffer, envelope);
    write(buffer, format_args!("\r\n"));
}

/// Asks to have something done.
pub fn post(buffer: &mut Vec<u8>, envelope: Envelope<'_>, path: &str, body: &str) {
    buffer.clear();
    write(buffer, format_args!("POST {path} HTTP/1.1\r\n"));
    address(buffer, envelope);
    write(buffer, format_args!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
}

/// Asks for new tokens, by the cookie that carries the refresh token.
pub fn renew(buffer: &mut Vec<u8>, host: &str, refresh: &str) {
    buffer.clear();
    write(buffer, format_args!("POST /api/users/refresh HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\n"));
    write(buffer, format_args!("cookie: refresh={refresh}\r\ncontent-length: 0\r\n\r\n"));
}

fn address(buffer: &mut Vec<u8>, Envelope { host, token }: Envelope<'_>) {
    write(buffer, format_args!("host: {host}\r\n"));
    if let Some(token) = token {
        write(buffer, format_args!("authorization: Bearer {token}\r\n"));
    }
}

fn write(buffer: &mut Vec<u8>, text: Arguments<'_>) {
    buffer.write_fmt(text).expect("a vector takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_holds_the_last_request_alone() {
        let (mut buffer, envelope) = (Vec::new(), Envelope { host: "shop.example", token: Some("t") });
        get(&mut buffer, envelope, "/api/tickets/7");
        post(&mut buffer, Envelope { token: None, ..envelope }, "/api/orders", "{}");

        let expected = "POST /api/orders HTTP/1.1\r\nhost: shop.example\r\ncontent-type: application/json\r\n\
                        content-length: 2\r\n\r\n{}";
        assert_eq!(String::from_utf8(buffer).unwrap(), expected);
    }
}

//! Reads what a server answers, as it arrives.

use std::time::Duration;

/// How an answer begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// How many bytes the head has.
    pub length: usize,
    /// How the body ends.
    pub body: Framing,
    /// Whether the server ends the connection after it.
    pub closes: bool,
    /// When to ask again.
    pub retry_after: Option<Duration>,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes.
    Length(usize),
    /// After an empty chunk.
    Chunked,
}

/// What cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not HTTP/1.1")]
pub struct Malformed;

impl Head {
    /// Reads a head; `None` if it is not there yet.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if it never will be one.
    pub fn parse(received: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; 48];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = response.parse(received).map_err(|_| Malformed)? else {
            return Ok(None);
        };
        let status = response.code.ok_or(Malformed)?;
        let mut head = Self { status, length, body: Framing::Length(0), closes: false, retry_after: None };
        for header in &*response.headers {
            head.take(header)?;
        }
        if matches!(status, 204 | 304) {
            head.body = Framing::Length(0);
        }
        Ok(Some(head))
    }

    fn take(&mut self, header: &httparse::Header<'_>) -> Result<(), Malformed> {
        let text = || std::str::from_utf8(header.value).map(str::trim).map_err(|_| Malformed);
        let number = || text()?.parse::<usize>().map_err(|_| Malformed);
        // The length of a name tells nearly all of them apart, and most headers are none of these.
        match header.name.len() {
            14 if header.name.eq_ignore_ascii_case("content-length") => self.body = Framing::Length(number()?),
            17 if header.name.eq_ignore_ascii_case("transfer-encoding") => self.body = Framing::Chunked,
            10 if header.name.eq_ignore_ascii_case("connection") => {
                self.closes = text()?.eq_ignore_ascii_case("close");
            }
            11 if header.name.eq_ignore_ascii_case("retry-after") => {
                self.retry_after = text()?.parse().ok().map(Duration::from_secs);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Joins the chunks of a body; `None` if some are not there yet.
///
/// # Errors
///
/// [`Malformed`] if they are no chunks.
pub fn join_chunks(mut received: &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
    let mut body = Vec::new();
    loop {
        let size = httparse::parse_chunk_size(received).map_err(|_| Malformed)?;
        let httparse::Status::Complete((line, length)) = size else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let Some(chunk) = received.get(line..line + length + 2) else { return Ok(None) };
        if length == 0 {
            return Ok(Some(body));
        }
        body.extend_from_slice(chunk.get(..length).unwrap_or_default());
        received = received.get(line + length + 2..).unwrap_or_default();
    }
}

/// The value of a cookie that a head sets, with all that is said about it.
#[must_use]
pub fn set_cookie<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let head = std::str::from_utf8(head).ok()?;
    head.lines().find_map(|line| {
        let (header, value) = line.split_once(": ")?;
        if !header.eq_ignore_ascii_case("set-cookie") {
            return None;
        }
        value.strip_prefix(name)?.strip_prefix('=')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] =
        b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nset-cookie: access=abc; Path=/; Max-Age=300\r\n\r\n";

    #[test]
    fn a_head_is_waited_for_until_it_is_whole() {
        for end in 0..HEAD.len() {
            assert_eq!(Head::parse(&HEAD[..end]), Ok(None), "{end}");
        }
        let head = Head::parse(&[HEAD, b"hello"].concat()).unwrap().unwrap();

        assert_eq!((head.status, head.length, head.body), (201, HEAD.len(), Framing::Length(5)));
        assert!(!head.closes);
    }

    #[test]
    fn a_refusal_says_when_to_come_again_and_that_the_connection_ends() {
        let head = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 3\r\nconnection: Close\r\n\r\n";
        let head = Head::parse(head).unwrap().unwrap();

        assert_eq!(head.retry_after, Some(Duration::from_secs(3)));
        assert!(head.closes);
    }

    #[test]
    fn an_answer_without_content_has_no_body_whatever_its_head_says() {
        let head = Head::parse(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 900\r\n\r\n").unwrap().unwrap();

        assert_eq!(head.body, Framing::Length(0));
    }

    #[test]
    fn what_is_not_http_is_told() {
        assert_eq!(Head::parse(b"SSH-2.0-OpenSSH_9.2\r\n"), Err(Malformed));
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"), Err(Malformed));
    }

    #[test]
    fn chunks_are_waited_for_and_joined() {
        let chunks = b"5\r\nhello\r\n6;note=x\r\n world\r\n0\r\n\r\n";
        for end in 0..chunks.len() {
            assert_eq!(join_chunks(&chunks[..end]), Ok(None), "{end}");
        }

        assert_eq!(join_chunks(chunks), Ok(Some(b"hello world".to_vec())));
        assert_eq!(join_chunks(b"hello\r\n"), Err(Malformed));
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        assert_eq!(set_cookie(HEAD, "access"), Some("abc; Path=/; Max-Age=300"));
        assert_eq!(set_cookie(HEAD, "acc"), None);
    }
}

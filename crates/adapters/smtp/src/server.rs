//! The mail server that a URL names.

use std::fmt;
use std::path::Path;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters, TlsParametersBuilder};
use percent_encoding::percent_decode_str;
use ticketing_core::ports::authorities;
use url::{Host, Url};

use crate::error::SmtpError;

/// How a connection is encrypted.
#[derive(Clone)]
pub(crate) enum Encryption {
    /// From the first byte.
    Tls(TlsParameters),
    /// After a few words; the connection ends if the server does not offer it.
    StartTls(TlsParameters),
    /// Not at all.
    None,
}

/// The mail server that a URL names, and how it knows us.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) credentials: Option<Credentials>,
}

impl Server {
    pub(crate) fn parse(text: &str, ca: Option<&Path>) -> Result<Self, SmtpError> {
        let url = Url::parse(text.trim()).map_err(|error| SmtpError::Url(Box::new(error)))?;
        let host = host(&url).ok_or_else(|| wrong("there is no host"))?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(wrong("something follows the host; a # or a / in a password is percent-encoded"));
        }
        let encryption = encryption(&url, &host, ca)?;
        let credentials = credentials(&url)?;
        if credentials.is_some() && matches!(encryption, Encryption::None) {
            tracing::warn!("the password of the mail server is sent without TLS: is the network encrypted below?");
        }
        let port = url.port().unwrap_or(match encryption {
            Encryption::Tls(_) => 465,
            Encryption::StartTls(_) => 587,
            Encryption::None => 25,
        });
        Ok(Self { host, port, encryption, credentials })
    }
}

fn wrong(why: &'static str) -> SmtpError {
    SmtpError::Url(why.into())
}

/// The host of a URL, without the brackets of an IPv6 address.
fn host(url: &Url) -> Option<String> {
    match url.host()? {
        Host::Domain(name) => Some(name.to_owned()).filter(|name| !name.is_empty()),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

fn encryption(url: &Url, host: &str, ca: Option<&Path>) -> Result<Encryption, SmtpError> {
    match (url.scheme(), url.query()) {
        ("smtps", None) => Ok(Encryption::Tls(tls(host, ca)?)),
        ("smtp", None) => Ok(Encryption::StartTls(tls(host, ca)?)),
        ("smtp", Some("tls=none")) => Ok(Encryption::None),
        ("smtp" | "smtps", Some(_)) => Err(wrong("the only option is smtp://…?tls=none")),
        _ => Err(wrong("it begins with neither smtps:// nor smtp://")),
    }
}

fn tls(host: &str, ca: Option<&Path>) -> Result<TlsParameters, SmtpError> {
    let builder = TlsParametersBuilder::new(host.to_owned());
    let builder = match ca {
        None => builder.certificate_store(CertificateStore::WebpkiRoots),
        Some(file) => {
            let wrong = |source| SmtpError::Authorities { file: file.display().to_string(), source };
            let pem = authorities::read(file).map_err(|error| wrong(Box::new(error)))?;
            let authorities = Certificate::from_pem(pem.as_bytes()).map_err(|error| wrong(Box::new(error)))?;
            builder.certificate_store(CertificateStore::None).add_root_certificate(authorities)
        }
    };
    builder.build().map_err(|error| SmtpError::Tls(Box::new(error)))
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SmtpError> {
    let decoded = |text| percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(wrong("user and password come together or not at all")),
        (user, Some(password)) => {
            let pair = decoded(user).and_then(|user| Ok((user, decoded(password)?)));
            let (user, password) = pair.map_err(|_| wrong("user and password are not UTF-8"))?;
            Ok(Some(Credentials::new(user, password)))
        }
    }
}

/// Host and port alone.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        match Server::parse(url, None) {
            Ok(server) => {
                let tls = match server.encryption {
                    Encryption::Tls(_) => "TLS",
                    Encryption::StartTls(_) => "STARTTLS",
                    Encryption::None => "plain",
                };
                format!("{server} {tls}{}", if server.credentials.is_some() { " with a user" } else { "" })
            }
            Err(error) => ticketing_core::ports::error_chain(&error),
        }
    }

    #[test]
    fn a_url_says_where_and_how() {
        assert_eq!(shown("smtps://ada:tomato@smtp.example.org"), "smtp.example.org:465 TLS with a user");
        assert_eq!(shown("smtp://smtp.example.org"), "smtp.example.org:587 STARTTLS");
        assert_eq!(shown("smtp://ada%40example.org:to%23mato@[::1]:2525/"), "[::1]:2525 STARTTLS with a user");
        assert_eq!(shown("smtp://127.0.0.1?tls=none"), "127.0.0.1:25 plain");
    }

    #[test]
    fn a_wrong_url_is_refused_without_its_password() {
        for url in [
            "tomato",
            "smtp.example.org:25",
            "http://ada:tomato@example.org",
            "smtp://ada@example.org",
            "smtp://:tomato@example.org",
            "smtp://ada:to#mato@example.org",
            "smtp://ada:to/mato@example.org",
            "smtp://ada:tomato@example.org?tls=opportunistic",
            "smtps://ada:tomato@example.org?tls=none",
            "smtps://ada:tomato@example.org/inbox",
            "smtps://",
        ] {
            let told = shown(url);
            assert!(told.starts_with("the SMTP URL is not like smtps://user:password@host:465"), "{url}: {told}");
            assert!(!told.contains("tomato") && !told.contains("mato"), "{told}");
        }
    }

    #[test]
    fn user_and_password_are_what_was_encoded() {
        let server = Server::parse("smtps://ada%40example.org:to%23m%C3%A4to%25@example.org", None).unwrap();

        assert_eq!(server.credentials, Some(Credentials::new("ada@example.org".to_owned(), "to#mäto%".to_owned())));
    }
}

//! The certificate authorities that an adapter trusts over TLS.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// Reads a file of certificates in PEM.
///
/// Clients of engines take a file without any, and then trust nobody.
///
/// # Errors
///
/// It cannot be read, or holds no certificate.
pub fn read(file: &Path) -> Result<String> {
    let pem = std::fs::read_to_string(file)?;
    if pem.contains("-----BEGIN CERTIFICATE-----") {
        return Ok(pem);
    }
    Err(Error::new(ErrorKind::InvalidData, "it holds no certificate in PEM"))
}

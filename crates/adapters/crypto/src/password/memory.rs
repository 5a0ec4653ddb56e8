//! Argon2 in memory that is used again.
//!
//! A hash takes tens of megabytes. Given back and asked for again by the many
//! threads of a runtime, an allocator keeps several times as much for each of
//! them; kept here, it is as much as is hashed at a time and no more.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{CustomizedPasswordHasher, Error, PasswordHasher, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::{Mutex, MutexGuard};

/// One way to hash; a clone, or one of another cost, uses the same memory.
#[derive(Debug, Clone)]
pub(super) struct Hashing {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Hashing {
    pub(super) fn argon2id(params: Params) -> Self {
        Self { algorithm: Algorithm::Argon2id, version: Version::V0x13, params, memory: Arc::default() }
    }

    fn memory(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.memory.lock()
    }

    fn fill(&self, output: &mut [u8], password: &[u8], salt: &[u8]) -> Result<()> {
        let mut blocks = self.memory().pop().unwrap_or_default();
        let needed = self.params.block_count().max(blocks.len());
        blocks.resize(needed, Block::new());
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        let filled = argon2.hash_password_into_with_memory(password, salt, output, &mut blocks);
        self.memory().push(blocks);
        Ok(filled?)
    }
}

impl PasswordHasher<PasswordHash> for Hashing {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        let salt = Salt::new(salt)?;
        let length = self.params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..length).ok_or(Error::OutputSize)?;
        self.fill(output, password, &salt)?;
        Ok(PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(salt),
            hash: Some(Output::new(output)?),
        })
    }
}

impl CustomizedPasswordHasher<PasswordHash> for Hashing {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let memory = Arc::clone(&self.memory);
        Self { algorithm, version, params, memory }.hash_password_with_salt(password, salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashing(memory_kib: u32) -> Hashing {
        Hashing::argon2id(Params::new(memory_kib, 1, 1, None).unwrap())
    }

    #[test]
    fn it_hashes_like_argon2() {
        let (params, salt) = (Params::new(64, 2, 1, None).unwrap(), b"example-salt");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let expected: PasswordHash = argon2.hash_password_with_salt(b"hunter42", salt).unwrap();

        let hashing = Hashing::argon2id(params);
        // The second time in memory that the first one left.
        for _ in 0..2 {
            assert_eq!(hashing.hash_password_with_salt(b"hunter42", salt).unwrap(), expected);
        }
    }

    #[test]
    fn memory_is_used_again_also_for_hashes_of_another_cost() {
        let hashing = hashing(64);
        for memory_kib in [64, 8, 32] {
            let params = Params::new(memory_kib, 1, 1, None).unwrap();
            let argon2 = Argon2::new(Algorithm::default(), Version::default(), params.clone());
            let expected: PasswordHash = argon2.hash_password_with_salt(b"hunter42", b"example-salt").unwrap();
            let hash = hashing.hash_password_customized(b"hunter42", b"example-salt", None, None, params);
            assert_eq!(hash.unwrap(), expected);
        }

        let lengths: Vec<usize> = hashing.memory().iter().map(Vec::len).collect();
        assert_eq!(lengths, [64]);
    }
}

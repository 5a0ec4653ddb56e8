//! Calls of Lua scripts by their digest.

use redis::{Cmd, Script, ToRedisArgs};
use uuid::Uuid;

/// A call of a script, ready to be sent.
///
/// Not `redis::ScriptInvocation`, because that copies each argument twice.
pub(crate) struct Call<'a> {
    pub(crate) script: &'a Script,
    pub(crate) command: Cmd,
}

/// What most calls need, so that they are written without growing.
const FEW_ARGUMENTS: usize = 10;
const FEW_BYTES: usize = 512;

impl<'a> Call<'a> {
    pub(crate) fn of(script: &'a Script, keys: &[&str]) -> Self {
        let mut command = Cmd::with_capacity(FEW_ARGUMENTS, FEW_BYTES);
        command.arg("EVALSHA").arg(script.get_hash()).arg(keys.len()).arg(keys);
        Self { script, command }
    }

    pub(crate) fn arg(mut self, value: impl ToRedisArgs) -> Self {
        self.command.arg(value);
        self
    }

    /// Adds an id or a token, in 36 characters.
    pub(crate) fn id(self, uuid: Uuid) -> Self {
        self.arg(&*uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

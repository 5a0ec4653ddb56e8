//! Engines of a test's own, which it may stop, kill and start again.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::market::unique;

/// A set that `deploy/engines.sh` brought, and takes away in the end.
pub(crate) struct Engines {
    pub(crate) folder: PathBuf,
    which: &'static str,
    /// The variables that tell where they are, as a shell reads them.
    exports: String,
}

impl Engines {
    /// Brings some of `mongodb kafka redis`, with one member each.
    pub(crate) fn up(which: &'static str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("engines-{}", unique().simple()));
        let mut engines = Self { folder, which, exports: String::new() };
        engines.exports = engines.tell(&["up"]);
        engines
    }

    /// Gives a command to `deploy/engines.sh`, such as `pause` and a member; returns what it says.
    pub(crate) fn tell(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/engines.sh"));
        command.args(arguments).env("ENGINES", self.which).env("ENGINES_DIR", &self.folder);
        // Those of the engines that other tests share.
        for engine in ["MONGODB", "KAFKA"] {
            command.env_remove(format!("{engine}_MEMBERS")).env_remove(format!("{engine}_PORT"));
        }
        for variable in ["MONGODB_URI", "KAFKA_BROKERS", "REDIS_URL", "REDIS_PORT", "ENGINES_DATA"] {
            command.env_remove(variable);
        }
        let output = command.output().expect("a shell");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Where one of them is, by the variable that tells.
    pub(crate) fn address(&self, variable: &str) -> String {
        let begin = format!("export {variable}='");
        let told = self.exports.lines().find_map(|line| line.strip_prefix(begin.as_str()));
        told.expect("its address").trim_end_matches('\'').to_owned()
    }
}

impl Drop for Engines {
    fn drop(&mut self) {
        self.tell(&["down"]);
    }
}

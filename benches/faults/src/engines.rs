//! MongoDB, Kafka and Redis of this run, by the project's own script.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use bson::{Document, doc};
use tokio::process::Command;

use crate::Error;

/// Engines that end with this value.
#[derive(Debug)]
pub(crate) struct Engines {
    script: PathBuf,
    folder: PathBuf,
    keep: bool,
    /// Where they are.
    pub(crate) addresses: Addresses,
}

/// Where engines are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// A connection string.
    pub(crate) mongodb: String,
    /// `host:port`, with commas between.
    pub(crate) kafka: String,
    /// A URL.
    pub(crate) redis: String,
}

impl Engines {
    /// Starts a separate set under a folder.
    pub(crate) async fn up(script: &Path, folder: &Path, kafka_members: u32) -> Result<Self, Error> {
        let addresses = Addresses { mongodb: String::new(), kafka: String::new(), redis: String::new() };
        // Already here, so that what was started ends too should the rest not start.
        let mut engines = Self { script: script.to_owned(), folder: folder.to_owned(), keep: false, addresses };
        let mut command = engines.command(&["up"]);
        command.env("MONGODB_MEMBERS", "3").env("KAFKA_MEMBERS", kafka_members.to_string());
        engines.addresses = Addresses::parse(&run(command).await?).ok_or(Error::NoAddresses)?;
        Ok(engines)
    }

    /// From now on they outlive this value.
    pub(crate) fn keep(&mut self) {
        self.keep = true;
    }

    /// How to end engines that were kept.
    pub(crate) fn how_to_end(&self) -> String {
        format!("ENGINES_DIR={} {} down", self.folder.display(), self.script.display())
    }

    /// Does something to a member: kill, start, pause, resume.
    pub(crate) async fn tell(&self, verb: &str, member: &str) -> Result<(), Error> {
        run(self.command(&[verb, member])).await.map(drop)
    }

    /// Which member takes the writes, once there is one.
    pub(crate) async fn primary(&self, client: &mongodb::Client) -> Result<String, Error> {
        loop {
            let hello: Document = client.database("admin").run_command(doc! { "hello": 1 }).await?;
            let found = hello.get_str("primary").ok().and_then(|primary| self.addresses.member(primary));
            if let Some(member) = found {
                return Ok(member);
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Every member of MongoDB.
    pub(crate) fn mongodb_members(&self) -> Vec<String> {
        let hosts = self.addresses.hosts().map_or(0, |hosts| hosts.split(',').count());
        (1..=hosts).map(|number| format!("mongodb{number}")).collect()
    }

    /// How to ask one member of MongoDB alone.
    pub(crate) fn direct(&self, member: &str) -> Option<String> {
        let number: usize = member.strip_prefix("mongodb")?.parse().ok()?;
        let host = self.addresses.hosts()?.split(',').nth(number.checked_sub(1)?)?;
        Some(format!("mongodb://{host}/?directConnection=true&serverSelectionTimeoutMS=2000"))
    }

    /// Where the data of a member lies.
    pub(crate) fn data(&self, member: &str) -> std::io::Result<PathBuf> {
        let settings = std::fs::read_to_string(self.folder.join("settings"))?;
        let data = settings.lines().find_map(|line| line.strip_prefix("DATA=")).unwrap_or_default();
        Ok(Path::new(data.trim_matches('"')).join(member))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.script);
        command.args(words).env("ENGINES_DIR", &self.folder).stdin(Stdio::null());
        ours_alone(&mut command);
        command
    }
}

/// Whatever the caller has set up already is not ours to kill, and Ctrl-C is for us alone.
fn ours_alone(command: &mut Command) {
    command.process_group(0);
    for name in ["MONGODB_URI", "KAFKA_BROKERS", "REDIS_URL", "ENGINES", "MONGODB_PORT", "KAFKA_PORT", "REDIS_PORT"] {
        command.env_remove(name);
    }
}

async fn run(mut command: Command) -> Result<String, Error> {
    let output = command.output().await.map_err(Error::Script)?;
    if !output.status.success() {
        return Err(Error::Engines(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Drop for Engines {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        let mut command = self.command(&["down"]).into_std();
        command.stdout(Stdio::null());
        match command.status() {
            Ok(status) if status.success() => {}
            outcome => crate::tell(format_args!("the engines did not end ({outcome:?}): {}", self.how_to_end())),
        }
    }
}

impl Addresses {
    /// Reads what the script exports.
    fn parse(exports: &str) -> Option<Self> {
        let value = |name: &str| {
            let line = exports.lines().find_map(|line| line.strip_prefix("export ")?.strip_prefix(name))?;
            Some(line.strip_prefix('=')?.trim_matches('\'').to_owned())
        };
        Some(Self { mongodb: value("MONGODB_URI")?, kafka: value("KAFKA_BROKERS")?, redis: value("REDIS_URL")? })
    }

    /// The addresses of MongoDB, with commas between.
    fn hosts(&self) -> Option<&str> {
        self.mongodb.strip_prefix("mongodb://")?.split('/').next()
    }

    /// The name of the member of MongoDB at an address.
    fn member(&self, address: &str) -> Option<String> {
        let place = self.hosts()?.split(',').position(|host| host == address)?;
        Some(format!("mongodb{}", place + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_known_by_its_address() {
        let exports = "export MONGODB_URI='mongodb://127.0.0.1:1,127.0.0.1:2/?replicaSet=rs0'\n\
                       export KAFKA_BROKERS='127.0.0.1:3'\nexport REDIS_URL='redis://127.0.0.1:4/'\n";
        let addresses = Addresses::parse(exports).unwrap();

        assert_eq!((addresses.kafka.as_str(), addresses.redis.as_str()), ("127.0.0.1:3", "redis://127.0.0.1:4/"));
        assert_eq!(addresses.member("127.0.0.1:2").as_deref(), Some("mongodb2"));
        assert_eq!(addresses.member("127.0.0.1:9"), None);
        assert_eq!(Addresses::parse("export MONGODB_URI='x'"), None);
    }
}

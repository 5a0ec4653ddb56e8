//! One process of the program, that may be killed, stopped, paused and started again.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::Error;
use crate::name::{Name, Variables};

/// How long a process may take to end in order.
const END_WITHIN: Duration = Duration::from_secs(45);

/// A process and how it is started. It ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) name: Name,
    /// Where it answers.
    pub(crate) address: String,
    /// Where it answers operators.
    pub(crate) admin: String,
    /// What it says.
    pub(crate) log: PathBuf,
    program: Program,
    child: Child,
}

/// What is started.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) binary: PathBuf,
    pub(super) service: &'static str,
    pub(super) variables: Variables,
}

/// Where a process answers, everybody and operators.
pub(super) struct Doors {
    pub(super) address: String,
    pub(super) admin: String,
}

impl Process {
    pub(super) fn start(
        name: Name,
        program: Program,
        Doors { address, admin }: Doors,
        log: PathBuf,
    ) -> Result<Self, Error> {
        let child = spawn(&program, &log)?;
        Ok(Self { name, address, admin, log, program, child })
    }

    /// Starts it again where it was, once it has ended.
    pub(crate) fn restart(&mut self) -> Result<(), Error> {
        self.restart_with(Vec::new())
    }

    /// The same, with more in its environment; the next start is as ever.
    pub(crate) fn restart_with(&mut self, more: Variables) -> Result<(), Error> {
        let mut program = self.program.clone();
        program.variables.extend(more);
        self.child = spawn(&program, &self.log)?;
        Ok(())
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it has ended by itself, or for so long.
    pub(crate) async fn ends_within(&mut self, span: Duration) {
        // Whether it ended is seen when it is waited for next.
        let _ended = tokio::time::timeout(span, self.child.wait()).await;
    }

    /// Ends it at once.
    pub(crate) async fn kill(&mut self) -> Result<(), Error> {
        self.child.kill().await.map_err(Error::Program)
    }

    /// Stops it, and waits until it has ended; `None` if it had to be killed.
    pub(crate) async fn stop(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.signal(Signal::TERM)?;
        match tokio::time::timeout(END_WITHIN, self.child.wait()).await {
            Ok(ended) => ended.map(Some).map_err(Error::Program),
            Err(_) => self.kill().await.map(|()| None),
        }
    }

    /// Lets it stand still.
    pub(crate) fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)
    }

    /// A process that nobody has waited for keeps its id, so no other process is ever meant.
    fn signal(&self, signal: Signal) -> Result<(), Error> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let Some(id) = id else { return Ok(()) };
        kill_process(id, signal).map_err(|error| Error::Program(error.into()))
    }
}

fn spawn(program: &Program, log: &Path) -> Result<Child, Error> {
    let file = OpenOptions::new().create(true).append(true).open(log).map_err(Error::Program)?;
    let mut command = bare(&program.binary, &program.variables);
    command.arg("serve").args(Some(program.service).filter(|service| !service.is_empty()));
    command.stdout(file.try_clone().map_err(Error::Program)?).stderr(file);
    command.spawn().map_err(Error::Program)
}

/// The program with these variables and no others.
pub(super) fn bare(binary: &Path, variables: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().envs(variables.iter().map(|(name, value)| (*name, value)));
    // Ctrl-C is for us alone: the processes under test end when we say so.
    command.stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    command
}

//! What an operator asks of a marketplace that runs.

use std::process::{Command, Output};

use super::Program;

impl Program {
    /// What it was told of a setting.
    pub(crate) fn setting(&self, name: &str) -> &str {
        let told = self.settings.iter().rfind(|(told, _)| *told == name);
        told.map(|(_, value)| value.as_str()).expect("it was told")
    }

    /// Runs a command of the program with the settings of this process.
    pub(crate) fn operate(&self, arguments: &[&str]) -> Output {
        self.operate_with(arguments, &[])
    }

    /// The same with some other settings.
    pub(crate) fn operate_with(&self, arguments: &[&str], others: &[(&'static str, String)]) -> Output {
        self.operate_by(Self::CURRENT, arguments, others)
    }

    /// The same by the program of some release.
    pub(crate) fn operate_by(&self, binary: &str, arguments: &[&str], others: &[(&'static str, String)]) -> Output {
        Command::new(binary)
            .args(arguments)
            .env_clear()
            .envs(self.settings.iter().chain(others).map(|(name, value)| (name, value)))
            .output()
            .expect("the program starts")
    }

    /// Checks what must hold.
    pub(crate) fn audit(&self) {
        let report = self.operate(&["audit"]);
        assert!(report.status.success(), "{report:?}");
    }
}

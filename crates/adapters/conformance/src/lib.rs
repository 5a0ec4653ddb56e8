//! The promises of every port as named rules that each adapter runs.

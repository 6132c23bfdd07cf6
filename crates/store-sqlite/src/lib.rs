//! x
mod db;
mod fault;
mod group;
mod private_file;
mod readers;
mod schema;
mod writer;

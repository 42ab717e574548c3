//! Everything that goes wrong with cameras and networks, over real connections: what the user is told, that pictures come again by
//! themselves, and that no other camera notices.

#[path = "../tester/mod.rs"]
mod tester;

mod camera;
mod footage;
mod link;
mod proxy;
mod street;

mod changes;
mod clocks;
mod descriptions;
mod encoders;
mod logins;
mod loss;
mod main_streams;
mod manners;
mod reconnecting;
mod tls;
mod watchdogs;

mod play;
mod rules;
mod world;

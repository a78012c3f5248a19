//! The environment variable that forces a tier. Alone in its process: the environment belongs to all threads.

use assay_engine::{Tier, KERNEL_VARIABLE};

#[test]
fn the_environment_forces_a_tier() {
	for tier in Tier::ALL.into_iter().filter(|tier| tier.is_available()) {
		std::env::set_var(KERNEL_VARIABLE, tier.to_string());
		assert_eq!(Tier::detect(), Ok(tier));
	}
	std::env::set_var(KERNEL_VARIABLE, "fast");
	assert_eq!(
		Tier::detect().expect_err("there is no such tier").to_string(),
		"unknown kernel tier \"fast\"; the tiers are portable, avx2 and avx512"
	);
	std::env::remove_var(KERNEL_VARIABLE);
	assert!(Tier::detect().expect("some tier is available").is_available());
}

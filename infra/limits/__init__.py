"""Rate limits: who may do how much, counted exactly; who is shut out; what is answered then."""

build/model/sim.o: model/sim.c model/../gen/rng.h model/sim-core.h \
 model/sim.h model/set.h

build/model/policy.o: model/policy.c model/sim-core.h model/sim.h \
 model/set.h

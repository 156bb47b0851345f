package apprpc

import (
	"sendim/core/app"
	pb "sendim/plugins/apprpc/proto"
)

func encodeManifest(m *app.Manifest) *pb.Manifest {
	return &pb.Manifest{
		Name: text(m.Name), Version: text(m.Version), Doc: text(m.Doc), Tables: uint32(m.Tables), Chains: m.Chains,
		Parameters: each(m.Parameters, func(p *app.Parameter) *pb.Parameter {
			return &pb.Parameter{Name: text(p.Name), Type: text(string(p.Type)), Default: text(p.Default), Choices: texts(p.Choices),
				Required: p.Required, Doc: text(p.Doc), Least: text(p.Least), Most: text(p.Most)}
		}),
		Needs: texts(m.Needs), Services: texts(m.Services), Stateful: m.Stateful, Heeds: texts(m.Heeds),
	}
}

func decodeManifest(p *pb.Manifest) app.Manifest {
	return app.Manifest{
		Name: p.GetName(), Version: p.GetVersion(), Doc: p.GetDoc(), Tables: int(p.GetTables()), Chains: p.GetChains(),
		Parameters: eachOf(p.GetParameters(), func(p *pb.Parameter) app.Parameter {
			return app.Parameter{Name: p.GetName(), Type: app.ParameterType(p.GetType()), Default: p.GetDefault(),
				Choices: fromTexts[string](p.GetChoices()), Required: p.GetRequired(), Doc: p.GetDoc(), Least: p.GetLeast(), Most: p.GetMost()}
		}),
		Needs: fromTexts[app.Need](p.GetNeeds()), Services: fromTexts[app.Service](p.GetServices()), Stateful: p.GetStateful(),
		Heeds: fromTexts[app.Matter](p.GetHeeds()),
	}
}
